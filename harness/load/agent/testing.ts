import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { AGENT_ENV } from '../../core/load-agent.ts';
import { childDied, startChild } from '../../core/process.ts';
import { waitFor } from '../../core/wait.ts';
import { testK6 } from '../testing.ts';

const MAIN = fileURLToPath(new URL('./main.ts', import.meta.url));

/** The agent as a process of its own, on loopback, with the k6 of the tests. */
export async function startAgent(options: { k6?: string; port?: number } = {}) {
  const dir = mkdtempSync(join(tmpdir(), 'meshproof-agent-'));
  const child = startChild({
    name: 'agent',
    file: process.execPath,
    args: [MAIN],
    env: {
      ...process.env,
      [AGENT_ENV.k6]: options.k6 ?? onPath(testK6.path),
      [AGENT_ENV.workDir]: dir,
      [AGENT_ENV.port]: String(options.port ?? 0),
    },
    logFile: join(dir, 'agent.log'),
  });
  const port = await waitFor(() => /"port":(\d+)/.exec(readFileSync(child.logFile, 'utf8'))?.[1], {
    what: 'the agent listens',
    deadlineMs: 20_000,
    hint: '',
    check: () => {
      if (child.exit) throw childDied(child);
    },
  });
  return {
    child,
    port: Number(port),
    url: `http://127.0.0.1:${port}`,
    /** A file of its job. */
    file: (name: string) => readFileSync(join(dir, 'job', name)),
    async [Symbol.asyncDispose]() {
      await child.stop();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

/** As a shell would find it. */
function onPath(program: string): string {
  if (program.includes('/')) return program;
  const folder = (process.env.PATH ?? '').split(delimiter).find((each) => existsSync(join(each, program)));
  return folder ? join(folder, program) : program;
}
