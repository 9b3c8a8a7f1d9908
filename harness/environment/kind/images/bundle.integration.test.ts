import { randomInt } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  type Call,
  type Protocol,
  type RouteConfig,
  SERVICE_ENV,
  type WorkloadConfig,
} from '../../../../sim-services/contract.ts';
import { startChild, waitForMessage } from '../../../core/process.ts';
import { printed, runCommand } from '../../../core/run-command.ts';
import { type BundleName, bundle } from './bundle.ts';

const NAMES: BundleName[] = ['service', 'sidecar', 'control-plane', 'agent'];
let dir: string;
let programs: Record<string, string>;

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'meshproof-test-bundle-'));
  programs = await bundle(NAMES);
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

test('each program is one file that needs nothing but Node', () => {
  expect(Object.keys(programs).sort()).toEqual(NAMES.map((name) => `${name}.mjs`).sort());
  const builtin = new Set(builtinModules.flatMap((name) => [name, `node:${name}`]));
  for (const [name, text] of Object.entries(programs)) {
    const imported = [...text.matchAll(/^import .*? from "([^"]+)";$/gm)].map(([, from]) => from!);
    expect(imported.length, name).toBeGreaterThan(3);
    expect(
      imported.filter((from) => !builtin.has(from)),
      name,
    ).toEqual([]);
  }
});

test('the same sources give the same text, so that an image keeps its tag', async () => {
  expect(await bundle(NAMES)).toEqual(programs);
});

// Elsewhere than here there are no packages beside it, and no TypeScript.
test.each([
  ['service', 64, /"code":"BAD_CONFIG"/],
  ['sidecar', null, /MESHPROOF_SIDECAR is not set/],
  ['control-plane', null, /./],
])('%s starts as a file of its own, and says what it lacks', async (name, code, says) => {
  const file = join(dir, `${name}.mjs`);
  writeFileSync(file, programs[`${name}.mjs`]!);
  const env = { PATH: process.env.PATH, MESHPROOF_SERVICE_CONFIG: join(dir, 'none.json') };
  const output = await runCommand(process.execPath, [file, ...(name === 'control-plane' ? ['identity'] : [])], {
    ...{ deadlineMs: 20_000, env, cwd: dir },
  });
  expect(printed(output)).toMatch(says);
  expect(printed(output)).not.toMatch(/Cannot find|ERR_|is not defined|Dynamic require/);
  if (code !== null) expect(output.code).toBe(code);
  expect(output.code).not.toBe(0);
});

test('the services in their bundle answer gRPC and call it', async () => {
  const file = join(dir, 'service.mjs');
  writeFileSync(file, programs['service.mjs']!);
  const host = `127.${randomInt(1, 255)}.${randomInt(0, 256)}.${randomInt(1, 255)}`;
  const path = '/meshproof.v1.Echo/Unary';
  const plain: RouteConfig = {
    ...{ method: null, path: '/', status: 200, errors: [], steps: [] },
    latency: { kind: 'constant', ms: 0 },
    body: { bytes: 8, chunks: 1, overMs: 0 },
  };
  const call: Call = {
    ...{ service: 'shop/db', authority: host, port: 8082, protocol: 'grpc', method: 'POST', path },
    ...{ requestBytes: 8, timeoutMs: 10_000, onFailure: 'propagate' },
  };
  const workload = (name: string, port: number, route: RouteConfig, protocol: Protocol): WorkloadConfig => {
    const at = { listen: { host, port }, admin: { host, port: port + 100 }, egress: null, journalDir: dir };
    const pods = [{ pod: `${name}-0`, replica: 0, incarnation: name, ...at }];
    return { namespace: 'shop', name, seed: 1, timeline: [], routes: [route], protocol, pods };
  };
  const workloads = [
    workload('web', 8081, { ...plain, steps: [[call]] }, 'http'),
    workload('db', 8082, { ...plain, method: 'POST', path }, 'grpc'),
  ];
  const config = join(dir, 'service.json');
  writeFileSync(config, JSON.stringify({ workloads }));
  const env = { PATH: process.env.PATH, [SERVICE_ENV.config]: config };
  const logFile = join(dir, 'service.log');
  const spec = { name: 'services', file: process.execPath, args: [file], env, cwd: dir, logFile, ipc: true };
  await using services = startChild(spec);
  const isReady = (message: unknown) => ((message as { type?: string }).type === 'ready' ? true : undefined);
  await waitForMessage(services, isReady, { what: 'the services', deadlineMs: 20_000, hint: `see ${logFile}` });
  expect((await fetch(`http://${host}:8081/`)).status).toBe(200);
  await services.stop();
  expect(readFileSync(join(dir, 'web.journal'), 'utf8')).toMatch(/^e,1,[\d.]+,200,[\d.]+,db-0,,0$/m);
});
