import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import {
  ADMIN_PATHS,
  CALLER_HEADER,
  type RouteConfig,
  type ServiceProcessConfig,
} from '../../sim-services/contract.ts';
import { startChild, waitForMessage } from '../core/process.ts';
import { parseJournals } from './truth.ts';

const PROGRAM = fileURLToPath(new URL('../../sim-services/main.ts', import.meta.url));

test('what a service journals, over a kill and a restart, is read as what its client saw', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'meshproof-truth-'));
  const host = `127.${1 + Math.floor(Math.random() * 250)}.${Math.floor(Math.random() * 250)}.9`;
  const route = (path: string, change: Partial<RouteConfig>): RouteConfig => ({
    method: null,
    path,
    status: 200,
    latency: { kind: 'constant', ms: 0 },
    errors: [],
    body: { bytes: 32, chunks: 1, overMs: 0 },
    steps: [],
    ...change,
  });
  const call = { service: 'shop/cart', authority: host, port: 8080, method: 'GET' as const, path: '/ok' };
  const config = (incarnation: string): ServiceProcessConfig => ({
    workloads: [
      {
        namespace: 'shop',
        name: 'cart',
        seed: 1,
        routes: [
          route('/ok', {}),
          route('/slow', { body: { bytes: 32, chunks: 4, overMs: 20 } }),
          route('/hang', { errors: [{ kind: 'hang', rate: 1 }] }),
          route('/cut', { errors: [{ kind: 'reset', rate: 1, when: 'mid-body' }] }),
          route('/calls', { steps: [[{ ...call, requestBytes: 0, timeoutMs: 10_000, onFailure: 'ignore' }]] }),
        ],
        timeline: [],
        pods: [
          {
            pod: 'cart-0',
            replica: 0,
            listen: { host, port: 8080 },
            admin: { host, port: 8081 },
            egress: null,
            journalDir: dir,
            incarnation,
          },
        ],
      },
    ],
  });
  const start = async (incarnation: string) => {
    const file = join(dir, `config-${incarnation}.json`);
    writeFileSync(file, JSON.stringify(config(incarnation)));
    const child = startChild({
      name: 'shop/cart',
      file: process.execPath,
      args: [PROGRAM],
      env: { ...process.env, MESHPROOF_SERVICE_CONFIG: file },
      logFile: join(dir, 'log'),
      ipc: true,
    });
    const isReady = (message: unknown) => ((message as { type?: string }).type === 'ready' ? true : undefined);
    await waitForMessage(child, isReady, { what: 'the service', deadlineMs: 15_000, hint: 'see its log' });
    return child;
  };
  const get = async (path: string) => {
    const response = await fetch(`http://${host}:8080${path}`, { headers: { [CALLER_HEADER]: 'meshproof/load' } });
    await response.text();
    return response.status;
  };
  try {
    {
      await using child = await start('0');
      for (const path of ['/ok', '/slow', '/nowhere', '/calls']) await get(path);
      await expect(get('/cut')).rejects.toThrow();
      get('/hang').catch(() => {});
      const hangs = () => readdirSync(dir).some((name) => readText(dir, name).includes('%2Fhang'));
      await expect.poll(hangs).toBe(true);
      await child.stop(0, 'SIGKILL');
    }
    await using child = await start('1');
    await get('/ok');
    const truth = await (await fetch(`http://${host}:8081${ADMIN_PATHS.truth}`)).text();
    await child.stop();

    const [killed, running] = parseJournals([truth]);
    const seen = killed!.served.map(({ caller, route: name, outcome, status }) => [caller, name, outcome, status]);
    expect(seen).toEqual([
      ['meshproof/load', '/ok', 'completed', 200],
      ['meshproof/load', '/slow', 'completed', 200],
      ['meshproof/load', 'other', 'completed', 404],
      ['meshproof/load', '/calls', 'completed', 200],
      ['shop/cart', '/ok', 'completed', 200],
      ['meshproof/load', '/cut', 'reset-mid-body', 200],
      ['meshproof/load', '/hang', 'open', 0],
    ]);
    expect(killed!.made).toMatchObject([
      { callee: 'shop/cart', route: '/ok', outcome: 'completed', status: 200, pod: 'cart-0', meshError: '' },
    ]);
    expect(killed).toMatchObject({ incarnation: '0', endMs: null, cutLine: null });
    expect(running).toMatchObject({ incarnation: '1', endMs: null, served: [{ route: '/ok' }] });
    const [ended] = parseJournals([readText(dir, '1.journal')]);
    expect(ended!.endMs).toBeGreaterThan(running!.startMs);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
});

function readText(dir: string, name: string): string {
  return name.endsWith('.journal') ? readFileSync(join(dir, name), 'utf8') : '';
}
