import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { DEFAULT_KIND_OPTIONS } from '../../environment/contract.ts';
import type { CapacityPoint, MeshPrice } from '../../result/bench/types.ts';
import { chain } from '../../run/testing/chain.ts';
import { CAPACITY_FILE, capacity, type Side } from './index.ts';
import { OTHERS } from './others.ts';

const mesh = process.env.MESHPROOF_TEST_MESH === 'linkerd' ? 'linkerd' : 'simulated';
const dir = await mkdtemp(join(tmpdir(), 'meshproof-capacity-'));
afterAll(() => rm(dir, { recursive: true, force: true }));

/** What any machine carries: this is of what is measured, not of how much. */
const RATE = 4;
const CHAIN = chain(RATE);

describe(`capacity in a cluster (${mesh})`, () => {
  it('measures both sides by turns, each with what its parts use, and the price of the mesh', async () => {
    const points: [Side, CapacityPoint][] = [];
    const enough = new AbortController();
    const result = await capacity({
      ...{ scenario: CHAIN, of: '*', sides: ['meshed', 'unmeshed'], environment: 'kind', tools: {} },
      objectives: { p50Ms: null, p95Ms: null, p99Ms: null, successRate: 0.9 },
      kind: { ...DEFAULT_KIND_OPTIONS, mesh, reuse: true },
      ...{ measuredSeconds: 5, warmupSeconds: 2, precision: 0.05, maxPoints: 1, level: 0.95, curve: true },
      rates: { start: RATE, min: 1, max: RATE },
      ...{ resume: null, runDir: dir, signal: enough.signal },
      progress: {
        event: () => {},
        note: () => {},
        pointDone(point, side) {
          points.push([side, point]);
          // Of the curve one point a side is enough for a price; the rest would only take its time.
          if (points.length === 4) enough.abort();
        },
      },
    });
    for (const [side, point] of points) {
      const { index, requests, failed, achievedPerSecond, usage, offeredPerSecond } = point;
      const which = `point ${index}, ${side}`;
      expect([point.sustained, point.why, point.error, failed], which).toEqual([true, [], undefined, 0]);
      expect(point.verdict, which).toBe(side === 'meshed' ? 'pass' : null);
      expect(Math.abs(requests - offeredPerSecond * 5), which).toBeLessThanOrEqual(1);
      expect(achievedPerSecond, which).toBeGreaterThan(0);
      const parts = ['app', 'control-plane', 'load', 'prometheus', ...(side === 'meshed' ? ['proxy'] : [])];
      const ours = usage.filter(({ part }) => part !== OTHERS);
      expect(ours.map(({ part }) => part).sort(), which).toEqual(parts);
      // The cluster's own programs are others to it, and never idle.
      expect(usage.find(({ part }) => part === OTHERS)?.cores, which).toBeGreaterThan(0);
      for (const { part, cores, residentBytes } of ours) {
        expect(residentBytes, `${which}: ${part}`).toBeGreaterThan(1e6);
        expect(cores, `${which}: ${part}`).toBeGreaterThan(0);
      }
    }
    const steps = points.map(([side, { step, offeredPerSecond }]) => [side, step, offeredPerSecond]);
    expect(steps).toEqual([
      ['meshed', 'bracket', RATE],
      ['unmeshed', 'bracket', RATE],
      ['meshed', 'knee', RATE / 2],
      ['unmeshed', 'knee', RATE / 2],
    ]);
    const price = result.price as MeshPrice;
    expect(price.atPerSecond).toBe(RATE / 2);
    const { appCpu, appBytes, proxyCpu, proxyBytes, addedLatencyMs } = price;
    const used = { ...appCpu, proxyCpu, meshedBytes: appBytes.meshed, unmeshedBytes: appBytes.unmeshed, proxyBytes };
    for (const [what, value] of Object.entries(used)) expect(value, what).toBeGreaterThan(0);
    for (const added of Object.values(addedLatencyMs)) expect(Number.isFinite(added)).toBe(true);
    expect(result.environment).toMatchObject({ name: 'kind', mesh: { kind: mesh } });
    const written = JSON.parse(await readFile(join(dir, CAPACITY_FILE), 'utf8'));
    expect(written).toMatchObject({ kind: 'CapacityResult', sides: [{ side: 'meshed' }, { side: 'unmeshed' }] });
  }, 400_000);
});
