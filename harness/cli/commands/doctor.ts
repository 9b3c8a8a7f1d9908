import { EXIT, type ExitCode } from '../../core/errors.ts';
import { examine } from '../../doctor/index.ts';
import { renderDoctor } from '../../doctor/render.ts';
import type { DoctorReport } from '../../doctor/types.ts';
import { type CliContext, coloursIn, drawsIn, widthOf } from '../context.ts';
import { Interruption } from '../interruption.ts';
import { defaultKubeconfig, prometheusOf } from '../prometheus-access.ts';

export interface DoctorArguments {
  context?: string;
  kubeconfig?: string;
  prometheus?: string;
  prometheusTokenFile?: string;
  prometheusCa?: string;
  prometheusUser?: string;
  prometheusPasswordFile?: string;
  namespace: string[];
  json?: boolean;
}

const EXIT_CODES: Record<DoctorReport['verdict'], ExitCode> = {
  healthy: EXIT.pass,
  findings: EXIT.fail,
  undecided: EXIT.inconclusive,
};

/** `meshproof doctor`: the rules of diagnosis on a cluster that is there, which is read and not changed. */
export async function doctor(args: DoctorArguments, context: CliContext): Promise<ExitCode> {
  const prometheus = await prometheusOf(
    {
      url: args.prometheus,
      tokenFile: args.prometheusTokenFile,
      ca: args.prometheusCa,
      user: args.prometheusUser,
      passwordFile: args.prometheusPasswordFile,
    },
    '--prometheus',
  );
  const draws = drawsIn(context.stderr, context.env);
  const say = (text: string) => draws && context.stderr.write(`\r\u001b[K${text}`);
  using interruption = new Interruption(context, () => {});
  let report: DoctorReport;
  try {
    report = await interruption.bound(
      examine({
        kubeconfig: args.kubeconfig ?? defaultKubeconfig(context.env),
        context: args.context ?? null,
        prometheus,
        namespaces: args.namespace,
        signal: interruption.signal,
        progress: (what) => say(`reading ${what} ...`),
      }),
    );
  } catch (error) {
    interruption.signal.throwIfAborted();
    throw error;
  } finally {
    say('');
  }
  context.stdout.write(
    args.json
      ? `${JSON.stringify(report, null, 2)}\n`
      : renderDoctor(report, { color: coloursIn(context.stdout, context.env), width: widthOf(context.stdout) }),
  );
  return EXIT_CODES[report.verdict];
}
