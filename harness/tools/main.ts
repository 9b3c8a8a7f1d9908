/**
 * Finds (or builds) tools, k6 and Prometheus unless others are named, and prints shell assignments for whoever starts tests or runs:
 *
 *     eval "$(npx node harness/tools/main.ts)"
 *     eval "$(npx node harness/tools/main.ts k6 prometheus kind)"
 *
 * What it is doing and what it found goes to stderr.
 */
import { describe, EXIT, HarnessError, InterruptedError } from '../core/errors.ts';
import { TOOLS, type ToolName } from './catalogue.ts';
import { resolveTool, STRATEGIES } from './resolve.ts';

/** What a variable can name: containers are no files. */
const PROGRAMS = STRATEGIES.filter((strategy) => strategy.source !== 'container');

const stop = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => stop.abort(new InterruptedError(signal)));
}

/** @throws HarnessError TOOL_UNKNOWN */
function named(args: string[]): ToolName[] {
  const unknown = args.find((name) => !Object.hasOwn(TOOLS, name));
  if (unknown !== undefined) {
    const hint = `one of ${Object.keys(TOOLS).join(', ')}`;
    throw new HarnessError('TOOL_UNKNOWN', `there is no tool ${unknown}`, { hint, exitCode: EXIT.invalidInput });
  }
  return args.length > 0 ? (args as ToolName[]) : ['k6', 'prometheus'];
}

const say = (line: string) => process.stderr.write(`${line}\n`);

/** For a POSIX shell. */
const quoted = (text: string) => `'${text.replaceAll("'", "'\\''")}'`;

try {
  const lines: string[] = [];
  for (const name of named(process.argv.slice(2))) {
    const tool = await resolveTool(name, { progress: say, signal: stop.signal, strategies: PROGRAMS });
    say(`${name} ${tool.version} (${tool.source}: ${tool.path})`);
    lines.push(`export ${TOOLS[name].variable}=${quoted(tool.path)}`);
  }
  process.stdout.write(`${lines.join('\n')}\n`);
} catch (error) {
  say(`error: ${describe(error)}`);
  if (error instanceof HarnessError) say(`hint: ${error.hint}`);
  process.exitCode = error instanceof HarnessError ? error.exitCode : EXIT.environment;
}
