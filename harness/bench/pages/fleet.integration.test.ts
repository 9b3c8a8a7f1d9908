import { mkdtemp, rm } from 'node:fs/promises';
import http, { type IncomingHttpHeaders } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { epochMs } from '../../core/clock.ts';
import { parsePage } from '../../core/page-parser.ts';
import { waitFor } from '../../core/wait.ts';
import { startFleet } from './fleet.ts';
import { Generator } from './generator.ts';
import { describeShape, shapeFor } from './shape.ts';
import type { FleetChange, PodInfo } from './types.ts';

const shape = shapeFor({ version: 'v2.366.0', edges: 2 });
const { series } = describeShape(shape);

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'meshproof-test-'));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

function get(
  { ip, port }: PodInfo,
  headers: IncomingHttpHeaders = {},
  path = '/metrics',
): Promise<{ status: number; headers: IncomingHttpHeaders; body: Buffer }> {
  return new Promise((resolve, reject) => {
    const request = http.get({ host: ip, port, path, headers, agent: false }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks) }),
      );
    });
    request.on('error', reject);
  });
}

const readValue = (body: Buffer, name: string) =>
  parsePage(body.toString('utf8')).samples.find((sample) => sample.name === name)?.value;

describe.each(['per-pod', 'ports'] as const)('a fleet, addresses %s', (addresses) => {
  it.skipIf(addresses === 'per-pod' && process.platform !== 'linux')(
    'answers at each pod with a page of its own',
    async () => {
      await using fleet = await startFleet({ pods: 12, shape, seed: 3, addresses });
      const pods = fleet.pods();
      expect(new Set(pods.map(({ ip, port }) => `${ip}:${port}`)).size).toBe(12);
      expect(new Set(pods.map(({ name }) => name)).size).toBe(12);
      expect(new Set(pods.map(({ workload }) => workload))).toEqual(new Set(['app-0000', 'app-0001']));
      const starts = new Set<number | undefined>();
      for (const pod of pods) {
        const { status, headers, body } = await get(pod);
        expect(status).toBe(200);
        expect(headers['content-type']).toBe('text/plain');
        expect(headers['content-encoding']).toBeUndefined();
        expect(parsePage(body.toString('utf8')).samples.length).toBe(series);
        starts.add(readValue(body, 'process_start_time_seconds'));
      }
      expect(starts.size).toBeGreaterThan(6);
      const { pages, samples, bytesRaw, bytesOnWire, pageMicros } = fleet.statistics();
      expect({ pages, samples }).toEqual({ pages: 12, samples: 12 * series });
      expect(bytesOnWire).toBe(bytesRaw);
      expect(pageMicros.p99).toBeGreaterThanOrEqual(pageMicros.p50);
      expect(pageMicros.p50).toBeGreaterThan(0);
      expect(fleet.statistics().pageMicros).toEqual({ p50: 0, p99: 0 });
    },
  );
});

it('compresses for those who ask, unless it is told not to', async () => {
  await using asked = await startFleet({ pods: 1, shape, seed: 3 });
  const zipped = await get(asked.pods()[0]!, { 'accept-encoding': 'gzip' });
  expect(zipped.headers['content-encoding']).toBe('gzip');
  expect(parsePage(gunzipSync(zipped.body).toString('utf8')).samples.length).toBe(series);
  expect(asked.statistics().bytesOnWire).toBe(zipped.body.length);
  expect(asked.statistics().bytesOnWire).toBeLessThan(asked.statistics().bytesRaw / 8);
  await using never = await startFleet({ pods: 1, shape, seed: 3, gzip: 'never' });
  const plain = await get(never.pods()[0]!, { 'accept-encoding': 'gzip' });
  expect(plain.headers['content-encoding']).toBeUndefined();
  expect(parsePage(plain.body.toString('utf8')).samples.length).toBe(series);
});

it('answers many at once without mixing up their pages', async () => {
  await using fleet = await startFleet({ pods: 30, shape, seed: 5, addresses: 'ports', replicas: 30 });
  const starts = async () =>
    Promise.all(
      fleet.pods().map(async (pod, i) => {
        const { body } = await get(pod, i % 2 === 0 ? { 'accept-encoding': 'gzip' } : {});
        const text = i % 2 === 0 ? gunzipSync(body) : body;
        return {
          start: readValue(text, 'process_start_time_seconds'),
          own: /target_ip="(127[^"]*)"/.exec(`${text}`)?.[1],
        };
      }),
    );
  const first = await starts();
  expect(new Set(first.map(({ own }) => own)).size).toBe(30);
  expect(await starts()).toEqual(first);
});

it('leaves a page alone that a slow reader has not taken yet', async () => {
  const large = shapeFor({ version: 'v2.366.0', edges: 80 });
  await using fleet = await startFleet({ pods: 2, shape: large, seed: 5, replicas: 2 });
  const [slow, other] = fleet.pods() as [PodInfo, PodInfo];
  const response = await new Promise<http.IncomingMessage>((resolve, reject) => {
    http.get({ host: slow.ip, port: slow.port, path: '/metrics', agent: false }, resolve).on('error', reject);
  });
  const addresses = (body: Buffer) => new Set(`${body}`.match(/(?<=direction="inbound".*target_ip=")127[^"]*/g));
  const quick = addresses((await get(other)).body);
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk);
  const body = Buffer.concat(chunks);
  expect(parsePage(body.toString('utf8')).samples.length).toBe(describeShape(large).series);
  expect(addresses(body).size).toBe(1);
  expect(addresses(body)).not.toEqual(quick);
});

it('has neither other paths nor other methods, but probes', async () => {
  await using fleet = await startFleet({ pods: 1, shape, seed: 3 });
  const pod = fleet.pods()[0]!;
  expect((await get(pod, {}, '/ready')).body.toString()).toBe('ready\n');
  expect((await get(pod, {}, '/elsewhere')).status).toBe(404);
});

it('replaces pods: the old answers no more, the new begins at zero; which ones, the seed says', async () => {
  const changes = async (seed: number) => {
    const replaced: string[] = [];
    await using fleet = await startFleet({ pods: 60, shape, seed, churn: 1, addresses: 'ports' });
    const before = fleet.pods();
    const seen: FleetChange[] = [];
    fleet.onChange((change) => seen.push(change));
    await waitFor(() => (seen.length >= 1 ? true : undefined), {
      what: 'a replacement',
      deadlineMs: 20_000,
      hint: 'one is due each second',
    });
    const [{ removed, added }] = seen as [FleetChange];
    expect(removed.length).toBe(added.length);
    expect(before).toContainEqual(removed[0]);
    expect(fleet.pods()).toContainEqual(added[0]);
    expect(fleet.pods()).not.toContainEqual(removed[0]);
    expect(fleet.pods().length).toBe(60);
    expect(added[0]!.workload).toBe(removed[0]!.workload);
    expect(fleet.statistics().replaced).toBeGreaterThanOrEqual(1);
    await expect(get(removed[0]!)).rejects.toThrow(/ECONNREFUSED|ECONNRESET/);
    const { body } = await get(added[0]!);
    expect(readValue(body, 'process_start_time_seconds')).toBeGreaterThan(epochMs() / 1000 - 30);
    expect(readValue(body, 'process_uptime_seconds_total')).toBeLessThan(30);
    for (const pod of [removed[0]!, added[0]!]) replaced.push(pod.name);
    return replaced;
  };
  const first = await changes(11);
  expect(await changes(11)).toEqual(first);
});

it('runs in a process of its own, and tells of changes and costs', async () => {
  const logFile = join(dir, 'pages.log');
  await using generator = await Generator.start({ pods: 60, shape, seed: 1, churn: 1 }, { logFile });
  expect(generator.pods().length).toBe(60);
  const changes: FleetChange[] = [];
  generator.onChange((change) => changes.push(change));
  const { body } = await get(generator.pods()[0]!);
  expect(parsePage(body.toString('utf8')).samples.length).toBe(series);
  const { cpuSeconds, residentBytes, samples } = await generator.statistics();
  expect(samples).toBe(series);
  expect(cpuSeconds).toBeGreaterThan(0.01);
  expect(residentBytes).toBeGreaterThan(1e7);
  await waitFor(() => (changes.length > 0 ? true : undefined), {
    what: 'a replacement',
    deadlineMs: 20_000,
    hint: 'one is due each second',
  });
  expect(generator.pods()).toContainEqual(changes[0]!.added[0]);
  generator.check();
  await generator.stop();
  generator.check();
  await expect(generator.statistics()).rejects.toMatchObject({ code: 'CHILD_DIED' });
});

it('says what is wrong with a fleet', async () => {
  const options = { logFile: join(dir, 'pages.log') };
  await expect(Generator.start({ pods: 0, shape, seed: 1 }, options)).rejects.toMatchObject({ code: 'BAD_FLEET' });
  await expect(startFleet({ pods: 1, shape, seed: 1, churn: 2 })).rejects.toThrow('a churn of 2');
  const unknown = { ...shape, version: '9.99' };
  await expect(Generator.start({ pods: 1, shape: unknown, seed: 1 }, options)).rejects.toMatchObject({
    code: 'UNKNOWN_MESH_VERSION',
  });
});
