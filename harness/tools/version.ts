import { createReadStream } from 'node:fs';
import { describe } from '../core/errors.ts';
import { printed, runCommand } from '../core/run-command.ts';
import type { GoBuild, ToolSpec } from './catalogue.ts';

const DEADLINE_MS = 30_000;

/** A program's version, or why it can't be used. */
export type Inspection = { version: string } | { reason: string };

/** Asks a program for its version, and judges whether it will do. */
export async function inspect(
  tool: ToolSpec,
  path: string,
  context: { env: NodeJS.ProcessEnv; signal: AbortSignal | undefined },
): Promise<Inspection> {
  const output = await runCommand(path, tool.versionArgs, {
    deadlineMs: DEADLINE_MS,
    env: context.env,
    signal: context.signal,
  });
  if (output.code !== 0) {
    const why = output.error ? describe(output.error) : (printed(output).split('\n')[0] ?? '');
    return { reason: `${path} ${tool.versionArgs.join(' ')} failed: ${why || `exit code ${output.code}`}` };
  }
  const version =
    printed(output).match(tool.printedVersion)?.[1] ?? (tool.go && (await versionFromBuildInfo(tool.go, path)));
  if (!version) return { reason: `${path} does not say its version` };
  if (compareVersions(version, tool.atLeast) < 0) {
    return { reason: `${path} is version ${version}; at least ${tool.atLeast} is needed` };
  }
  return { version };
}

/** Negative, zero or positive, as a is older than, equal to or newer than b. What goes before the numbers (`edge-`) does not count. */
export function compareVersions(a: string, b: string): number {
  const [x, y] = [a, b].map((version) => version.replace(/^\D+/, '').split('.').map(Number));
  for (let i = 0; i < 3; i++) {
    const difference = (x?.[i] ?? 0) - (y?.[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

/**
 * What `go install` builds does not print its version, but Go writes the modules a program was built from into it, as
 * lines `mod|dep <module> <version> <sum>` separated by tabs.
 */
async function versionFromBuildInfo(go: GoBuild, path: string): Promise<string | null> {
  const needle = new RegExp(`\\b(?:mod|dep)\\t${go.module.replaceAll('.', '\\.')}\\t(v\\d+\\.\\d+\\.\\d+)[\\t\\n]`);
  const overlap = 256;
  let rest = '';
  for await (const chunk of createReadStream(path, { encoding: 'latin1', highWaterMark: 1 << 20 })) {
    const moduleVersion = (rest + chunk).match(needle)?.[1];
    if (moduleVersion) return go.version(moduleVersion);
    rest = (chunk as string).slice(-overlap);
  }
  return null;
}
