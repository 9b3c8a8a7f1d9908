/**
 * Finds (or builds) k6 and Prometheus and prints shell assignments for whoever starts tests or runs:
 *
 *     eval "$(npx node harness/tools/main.ts)"
 *
 * What it is doing and what it found goes to stderr.
 */
import { describe, EXIT, HarnessError, InterruptedError } from '../core/errors.ts';
import { TOOLS, type ToolName } from './catalogue.ts';
import { resolveTool } from './resolve.ts';

const stop = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => stop.abort(new InterruptedError(signal)));
}

const say = (line: string) => process.stderr.write(`${line}\n`);

/** For a POSIX shell. */
const quoted = (text: string) => `'${text.replaceAll("'", "'\\''")}'`;

try {
  const lines: string[] = [];
  for (const name of Object.keys(TOOLS) as ToolName[]) {
    const tool = await resolveTool(name, { progress: say, signal: stop.signal });
    say(`${name} ${tool.version} (${tool.source}: ${tool.path})`);
    lines.push(`export ${TOOLS[name].variable}=${quoted(tool.path)}`);
  }
  process.stdout.write(`${lines.join('\n')}\n`);
} catch (error) {
  say(`error: ${describe(error)}`);
  if (error instanceof HarnessError) say(`hint: ${error.hint}`);
  process.exitCode = error instanceof HarnessError ? error.exitCode : EXIT.environment;
}
