import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createServer as createTcpServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { startChild } from '../../core/process.ts';
import { processIdentity } from '../../core/process-identity.ts';
import { runCommand } from '../../core/run-command.ts';
import { type ResolvedTool, startTool } from '../../core/tool.ts';
import { waitFor } from '../../core/wait.ts';
import { resolveTool } from '../resolve.ts';
import { containers } from '../strategies/container.ts';
import { cleanContainers } from './clean.ts';
import { CONTAINER_LABELS, ownLabels } from './owner.ts';
import { baseInStore, containersWith, type MadeImage, makeImage } from './testing/images.ts';

const ground = await baseInStore();
const reason = 'reason' in ground ? ground.reason : null;
const base = 'base' in ground ? ground.base : '';
if (reason) console.log(`tests of tools as containers are not run: ${reason}`);
const HOLD = join(import.meta.dirname, 'testing', 'hold.ts');

describe.skipIf(reason)(`tools as containers${reason ? ` (not run: ${reason})` : ''}`, () => {
  const made: MadeImage[] = [];
  let k6: ResolvedTool;
  let prometheus: ResolvedTool;
  let dir: string;
  let server: Server;
  let served: string[];
  const port = () => (server.address() as AddressInfo).port;

  beforeAll(async () => {
    made.push(...(await Promise.all([makeImage('k6', base), makeImage('prometheus', base)])));
    const strategies = [containers({ k6: made[0]!.image, prometheus: made[1]!.image })];
    k6 = await resolveTool('k6', { strategies });
    prometheus = await resolveTool('prometheus', { strategies });
  }, 180_000);
  afterAll(async () => {
    for (const image of made) await image[Symbol.asyncDispose]();
  });
  beforeEach(async () => {
    dir = mkdtempSync(join(tmpdir(), 'meshproof-test-container-'));
    served = [];
    server = createServer((request, response) => {
      served.push(request.url!);
      response.end('answer 42\n');
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
  });
  afterEach(() => {
    server.close();
    rmSync(dir, { recursive: true, force: true });
  });

  const runK6 = (script: string) => {
    writeFileSync(join(dir, 'script.js'), script);
    return startTool(k6, {
      name: 'k6',
      args: ['run', '--address', '', '--quiet', '--console-output', 'journal', '--log-format', 'raw', 'script.js'],
      env: { ...process.env, MESHPROOF_TEST: 'given' },
      cwd: dir,
      logFile: join(dir, 'k6.log'),
    });
  };

  test('are found with their version', () => {
    expect(k6).toMatchObject({ source: 'container', path: made[0]!.image.name('') });
    expect(prometheus).toMatchObject({ source: 'container', version: expect.stringMatching(/^\d+\.\d+\.\d+$/) });
  });

  test('k6 reaches a loopback address of this machine, and writes into the folder as this user', async () => {
    await using container = await runK6(`
      import http from 'k6/http';
      export default function () {
        const { status } = http.get('http://127.0.0.1:${port()}/asked');
        console.log(\`\${status} \${__ENV.MESHPROOF_TEST}\`);
      }`);
    expect(await container.exited).toEqual({ code: 0, signal: null });
    expect(container.exit).toEqual({ code: 0, signal: null });
    expect(served).toEqual(['/asked']);
    expect(readFileSync(join(dir, 'journal'), 'utf8')).toBe('200 given\n');
    expect(statSync(join(dir, 'journal')).uid).toBe(process.getuid!());
    expect(await containersWith(ownLabels('k6'))).toEqual([]);
  });

  test('the exit code is the program’s, and what it said is in the log', async () => {
    await using container = await runK6("export default function () {}; throw new Error('no good');");
    const exit = await container.exited;
    expect(exit).toEqual({ code: 107, signal: null });
    expect(container.tail(20)).toContain('no good');
  });

  test('a signal goes to the program itself; SIGKILL follows after the grace', async () => {
    const script = 'import { sleep } from "k6"; export default function () { console.log("runs"); sleep(600); }';
    const running = async () => {
      const container = await runK6(script);
      await waitFor(() => readFileSync(join(dir, 'journal'), 'utf8') === 'runs\n' || undefined, {
        ...{ what: 'k6 runs the script', deadlineMs: 20_000, hint: '' },
      });
      return container;
    };
    await using interrupted = await running();
    expect(await interrupted.stop(20_000, 'SIGINT')).toEqual({ code: 105, signal: null });
    rmSync(join(dir, 'journal'));
    await using killed = await running();
    // It waits 30 s for its iteration to end.
    expect(await killed.stop(0, 'SIGCONT')).toEqual({ code: null, signal: 'SIGKILL' });
    expect(await killed.stop()).toEqual({ code: null, signal: 'SIGKILL' });
  });

  test('Prometheus scrapes a loopback address of this machine', async () => {
    const listen = `127.0.0.1:${await freePort()}`;
    for (const name of ['config', 'logs', 'data']) mkdirSync(join(dir, name));
    const configFile = join(dir, 'config', 'prometheus.yml');
    writeFileSync(
      configFile,
      `scrape_configs: [{ job_name: test, scrape_interval: 1s, fallback_scrape_protocol: PrometheusText0.0.4, static_configs: [{ targets: ['127.0.0.1:${port()}'] }] }]`,
    );
    await using container = await startTool(prometheus, {
      name: 'prometheus',
      args: [
        `--config.file=${configFile}`,
        `--storage.tsdb.path=${join(dir, 'data')}`,
        `--web.listen-address=${listen}`,
      ],
      logFile: join(dir, 'logs', 'prometheus.log'),
    });
    const value = await waitFor(
      async (seen) => {
        const response = await fetch(`http://${listen}/api/v1/query?query=answer`);
        const { data } = (await response.json()) as { data: { result: { value: [number, string] }[] } };
        seen(container.tail(3));
        return data.result[0]?.value[1];
      },
      { what: 'a scraped sample', deadlineMs: 20_000, hint: '' },
    );
    expect(value).toBe('42');
    expect(await container.stop(20_000)).toEqual({ code: 0, signal: null });
  });

  test('the container ends with its meshproof, even by SIGKILL', async () => {
    writeFileSync(
      join(dir, 'script.js'),
      'import { sleep } from "k6"; export default function () { sleep(600); } export const options = { scenarios: { s: { executor: "shared-iterations", gracefulStop: "0s" } } };',
    );
    await using holder = startChild({
      ...{ name: 'holder', file: process.execPath, logFile: join(dir, 'holder.log') },
      args: [HOLD, made[0]!.image.name(''), made[0]!.image.program, dir],
    });
    await waitFor(() => holder.tail().includes('started') || undefined, {
      ...{ what: 'the container runs', deadlineMs: 20_000, hint: holder.logFile },
      check: () => expect(holder.exit).toBeNull(),
    });
    const { pid, pidStart } = processIdentity(holder.pid!)!;
    const labels = { [CONTAINER_LABELS.owner]: `${pid} ${pidStart}` };
    expect(await containersWith(labels)).toHaveLength(1);
    holder.signal('SIGKILL');
    await waitFor(async () => ((await containersWith(labels)).length === 0 ? true : undefined), {
      ...{ what: 'the container has gone', deadlineMs: 20_000, hint: '' },
    });
  });

  test('what outlived its meshproof all the same is cleaned; what is alive is not', async () => {
    const self = processIdentity(process.pid)!;
    const start = async (owner: string) => {
      const labels = { ...ownLabels('k6'), [CONTAINER_LABELS.owner]: owner };
      const flags = Object.entries(labels).flatMap(([key, value]) => ['--label', `${key}=${value}`]);
      const { stdout } = await runCommand('docker', ['run', '--detach', '--rm', ...flags, base, 'sleep', '600'], {
        deadlineMs: 30_000,
      });
      return stdout.trim().slice(0, 12);
    };
    const orphan = await start(`${self.pid} ${self.pidStart}0`);
    const child = await start(`${self.pid} ${self.pidStart}`);
    try {
      const cleaned = await cleanContainers();
      expect(cleaned).toContainEqual({ id: orphan, tool: 'k6' });
      expect(cleaned.map(({ id }) => id)).not.toContain(child);
      expect(await containersWith(ownLabels('k6'))).toEqual([child]);
    } finally {
      await runCommand('docker', ['rm', '--force', child, orphan], { deadlineMs: 30_000 });
    }
  });

  test('an image that is nowhere is a reason to go on, and so is one without the program', async () => {
    const none = { name: () => 'meshproof.invalid/none:0', program: '/bin/k6' };
    const without = { name: () => base, program: '/usr/bin/k6-is-not-here' };
    const missing = resolveTool('k6', { strategies: [containers({ k6: none })] });
    await expect(missing).rejects.toThrow(
      /container: there is no image meshproof.invalid\/none:0 .* can't be pulled: ./,
    );
    const unfit = resolveTool('k6', { strategies: [containers({ k6: without })] });
    await expect(unfit).rejects.toThrow(/container: \S+ can't be run: .*k6-is-not-here: not found/);
  });
});

async function freePort(): Promise<number> {
  const probe = createTcpServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as AddressInfo;
  await new Promise((resolve) => probe.close(resolve));
  return port;
}
