import { homedir } from 'node:os';
import { parseAllDocuments } from 'yaml';
import { HarnessError } from '../../../core/errors.ts';
import { type CommandOutput, runCommand } from '../../../core/run-command.ts';
import type { ResolvedTool } from '../../../core/tool.ts';
import type { KubernetesObject } from '../../kubernetes/contract.ts';

const RENDER_DEADLINE_MS = 60_000;

/**
 * What the CLI is given of our environment. Its own variables would change what it renders (another registry, another
 * namespace), and extensions that it finds on the user's PATH would be checked with the control plane.
 */
const ENV: NodeJS.ProcessEnv = { PATH: '/usr/bin:/bin', HOME: homedir() };

/**
 * Runs the Linkerd CLI to its end.
 * @throws HarnessError LINKERD_CLI_FAILED when it can't be started or does not end in time; the signal's reason
 */
export async function runLinkerd(
  cli: ResolvedTool,
  args: string[],
  options: { deadlineMs: number; signal: AbortSignal },
): Promise<CommandOutput> {
  const output = await runCommand(cli.path, args, { ...options, env: ENV });
  if (output.error) throw cliFailed(cli, args, output.error.message, output.error);
  return output;
}

/**
 * What `linkerd install` prints, as objects, in its order.
 * @throws HarnessError LINKERD_CLI_FAILED with what the CLI said
 */
export function renderLinkerd(
  cli: ResolvedTool,
  args: string[],
  options: { signal: AbortSignal },
): Promise<KubernetesObject[]> {
  // Without a look at the cluster, so that what it renders depends on the CLI and the values alone.
  return rendered(cli, ['install', '--ignore-cluster'], args, options);
}

/** What `linkerd upgrade` prints of an installation that is there, as objects. @throws HarnessError LINKERD_CLI_FAILED */
export function renderUpgrade(
  cli: ResolvedTool,
  args: string[],
  { kubeconfig, context, signal }: { kubeconfig: string; context: string; signal: AbortSignal },
): Promise<KubernetesObject[]> {
  return rendered(cli, ['upgrade', '--kubeconfig', kubeconfig, '--context', context], args, { signal });
}

/** What that version of Linkerd has no use for any more (`linkerd prune`). @throws HarnessError LINKERD_CLI_FAILED */
export function renderPruned(
  cli: ResolvedTool,
  { kubeconfig, context, signal }: { kubeconfig: string; context: string; signal: AbortSignal },
): Promise<KubernetesObject[]> {
  const command = ['prune', '--kubeconfig', kubeconfig, '--context', context];
  return rendered(cli, command, [], { signal, mayBeNone: true });
}

/** As JSON, one object a line, because the definitions' YAML takes a second to parse; releases before 2.15 have YAML only. */
async function rendered(
  cli: ResolvedTool,
  command: string[],
  args: string[],
  { signal, mayBeNone = false }: { signal: AbortSignal; mayBeNone?: boolean },
): Promise<KubernetesObject[]> {
  const run = (all: string[]) => runLinkerd(cli, all, { deadlineMs: RENDER_DEADLINE_MS, signal });
  let all = [...command, '--output', 'json', ...args];
  let output = await run(all);
  const isOld = output.code !== 0 && /unknown flag: --output/.test(output.stderr);
  if (isOld) {
    all = [...command, ...args];
    output = await run(all);
  }
  const { code, stdout, stderr } = output;
  if (code !== 0) throw cliFailed(cli, all, lastLines(stderr) || `exit code ${code}`);
  const objects = (isOld ? documents(stdout) : lines(stdout)).map(({ text, value }) => {
    if (isObject(value)) return value;
    throw cliFailed(cli, all, `it printed what is no object: ${text.slice(0, 200)}`);
  });
  if (objects.length === 0 && !mayBeNone) throw cliFailed(cli, all, lastLines(stderr) || 'it printed no object');
  return objects;
}

interface Printed {
  text: string;
  /** undefined: it can't be parsed. */
  value: unknown;
}

function lines(stdout: string): Printed[] {
  return stdout
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((text) => ({ text, value: parsed(text) }));
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

/** Of YAML; documents with nothing but comments are left out. */
function documents(stdout: string): Printed[] {
  return parseAllDocuments(stdout, { logLevel: 'silent' }).flatMap((document) => {
    const value: unknown = document.errors.length > 0 ? undefined : document.toJS();
    return value === null ? [] : [{ text: document.errors[0]?.message ?? String(document), value }];
  });
}

function isObject(value: unknown): value is KubernetesObject {
  const object = value as Partial<KubernetesObject> | undefined;
  return !!object?.apiVersion && !!object.kind && !!object.metadata?.name;
}

function cliFailed(cli: ResolvedTool, args: string[], why: string, cause?: unknown): HarnessError {
  return new HarnessError('LINKERD_CLI_FAILED', `${cli.path} ${args.join(' ')}: ${why}`, {
    hint: `run it by hand; meshproof works with the version in kind-config/versions.yaml, this one is ${cli.version}`,
    cause,
  });
}

function lastLines(text: string): string {
  return text.trim().split('\n').slice(-5).join('\n');
}
