import { HarnessError } from '../../../core/errors.ts';
import type { ResolvedTool } from '../../../core/tool.ts';
import { runLinkerd } from './cli.ts';

/** The part of `linkerd check --output json` that is read. */
interface CheckOutput {
  success: boolean;
  categories: { categoryName: string; checks: Check[] | null }[] | null;
}

interface Check {
  description: string;
  result: 'success' | 'warning' | 'error';
  error?: string;
  hint?: string;
}

export interface CheckResult {
  /** How many checks were made. */
  checks: number;
  /** What the CLI does not like but lets pass, a line each. */
  warnings: string[];
}

/** How long the CLI may wait for what is not yet right: it looks again where waiting can help. */
const WAIT_S = 60;

/**
 * Linkerd's own check of an installation.
 * @param version what counts as the latest version; otherwise the CLI would ask a server on the internet
 * @throws HarnessError LINKERD_CHECK_FAILED with the text and the hint of every check that failed; LINKERD_CLI_FAILED
 */
export async function checkLinkerd(
  cli: ResolvedTool,
  options: { kubeconfig: string; context: string; version: string; signal: AbortSignal },
): Promise<CheckResult> {
  const { kubeconfig, context, version, signal } = options;
  const args = [
    ...['check', '--kubeconfig', kubeconfig, '--context', context],
    ...['--expected-version', version, '--wait', `${WAIT_S}s`, '--output', 'json'],
  ];
  const { code, stdout, stderr } = await runLinkerd(cli, args, { deadlineMs: (WAIT_S + 30) * 1000, signal });
  const output = parse(stdout);
  if (!output)
    throw failed(`exit code ${code}, and no result: ${(stderr || stdout).trim().slice(-500) || 'nothing printed'}`, []);
  const checks = (output.categories ?? []).flatMap(({ categoryName, checks }) =>
    (checks ?? []).map((check) => ({ ...check, category: categoryName })),
  );
  const lines = (result: Check['result']) =>
    checks.filter((c) => c.result === result).map((c) => `${c.category}: ${c.description}: ${c.error ?? result}`);
  const errors = lines('error');
  if (errors.length > 0 || !output.success || code !== 0) {
    const why = errors.length > 0 ? errors.join('\n') : `exit code ${code}, though no check failed`;
    throw failed(why, [...new Set(checks.flatMap((c) => (c.result === 'error' && c.hint ? [c.hint] : [])))]);
  }
  if (checks.length === 0) throw failed('it checked nothing', []);
  return { checks: checks.length, warnings: lines('warning') };
}

function parse(text: string): CheckOutput | null {
  try {
    return JSON.parse(text) as CheckOutput;
  } catch {
    return null;
  }
}

function failed(why: string, hints: string[]): HarnessError {
  return new HarnessError('LINKERD_CHECK_FAILED', `linkerd check: ${why}`, {
    hint: hints.join(', ') || 'run `linkerd check` by hand on a cluster that is kept (--keep)',
  });
}
