import { homedir } from 'node:os';
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
export async function renderLinkerd(
  cli: ResolvedTool,
  args: string[],
  options: { signal: AbortSignal },
): Promise<KubernetesObject[]> {
  // Without a look at the cluster, so that what it renders depends on the CLI and the values alone; as JSON, one object a
  // line, because the definitions' YAML takes a second to parse.
  const all = ['install', '--ignore-cluster', '--output', 'json', ...args];
  const { signal } = options;
  const { code, stdout, stderr } = await runLinkerd(cli, all, { deadlineMs: RENDER_DEADLINE_MS, signal });
  if (code !== 0) throw cliFailed(cli, all, lastLines(stderr) || `exit code ${code}`);
  const objects = stdout
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => {
      const object = parsed(line);
      if (object) return object;
      throw cliFailed(cli, all, `it printed what is no object: ${line.slice(0, 200)}`);
    });
  if (objects.length === 0) throw cliFailed(cli, all, lastLines(stderr) || 'it printed no object');
  return objects;
}

function parsed(line: string): KubernetesObject | null {
  try {
    const object = JSON.parse(line) as KubernetesObject;
    return object.apiVersion && object.kind && object.metadata?.name ? object : null;
  } catch {
    return null;
  }
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
