import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { namesOf } from '../projection.ts';
import { Recorder } from '../recorder.ts';
import { compileTruth } from '../truth.ts';
import { Versions } from '../versions/index.ts';
import { judgeTcp } from './index.ts';
import { type Counted, simulateTcp, type TcpWorld } from './testing/world.ts';

function judged(world: TcpWorld, change?: (s: Counted) => Counted | null) {
  const { topology, journals, quietFromMs, marginMs } = world;
  const recorder = new Recorder();
  const truth = compileTruth(journals, topology, marginMs);
  const ledger = world.ledger(change);
  const ledgers = { prometheus: ledger, proxy: { ...ledger, source: 'proxy' as const } };
  const coverage = { reasons: [], blind: { proxy: new Set<string>(), prometheus: new Set<string>() } };
  const settings = { marginMs, quietFromMs };
  const flows = judgeTcp(
    topology,
    truth,
    { names: namesOf(topology), versions: new Versions(truth, []) },
    ledgers,
    settings,
    recorder,
    coverage,
  );
  return { flows, violations: [...recorder.violations.values()], recorder };
}

describe('TCP against the truth', () => {
  test('a proxy that counts rightly violates nothing, and the truth leaves no interval', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1e9 }), (seed) => {
        const { violations, recorder } = judged(simulateTcp(seed));
        expect(violations).toEqual([]);
        expect([...recorder.widths.keys()]).toEqual([]);
      }),
      { numRuns: 20 },
    );
  });

  test('nor when connections are reset or given up', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1e9 }), (seed) => {
        expect(judged(simulateTcp(seed, { broken: true })).violations).toEqual([]);
      }),
      { numRuns: 20 },
    );
  });

  test('flows are connections and bytes, the same in all ledgers', () => {
    const world = simulateTcp(7);
    const { flows } = judged(world);
    const mine = world.connections.filter((c) => c.caller.workload === 'shop/web');
    const up = mine.reduce((sum, c) => sum + c.up, 0);
    const of = (direction: string) =>
      flows
        .filter((f) => f.source === 'shop/web' && f.direction === direction)
        .map(({ status, truth, proxy, prometheus, verdict }) => ({ status, truth, proxy, prometheus, verdict }));
    for (const direction of ['outbound', 'inbound']) {
      const [connections, bytesUp] = of(direction);
      const n = mine.length;
      expect(connections).toEqual({ status: 'connections', truth: n, proxy: n, prometheus: n, verdict: 'pass' });
      expect(bytesUp).toEqual({ status: 'bytes up', truth: up, proxy: up, prometheus: up, verdict: 'pass' });
    }
  });

  const COUNTERS = [
    ...['tcp_open_total', 'tcp_close_total', 'tcp_read_bytes_total', 'tcp_write_bytes_total'],
    ...['inbound_tcp_authz_allow_total', 'outbound_tcp_route_open_total', 'outbound_tcp_route_close_total'],
  ];
  const SIDES = [
    { direction: 'outbound', peer: 'src' },
    { direction: 'outbound', peer: 'dst' },
    { direction: 'inbound', peer: 'src' },
    { direction: 'inbound', peer: 'dst' },
  ];
  const MUTANTS: { name: string; change: (s: Counted, world: TcpWorld) => Counted | null }[] = [
    { name: 'counts one more', change: (s) => ({ ...s, value: s.value + 1 }) },
    { name: 'counts one less', change: (s) => ({ ...s, value: Math.max(0, s.value - 1) }) },
    { name: 'counts twice', change: (s) => ({ ...s, value: 2 * s.value }) },
    { name: 'is not there', change: () => null },
    { name: 'stops half-way', change: (s, w) => (s.t > w.originMs + 3000 ? null : s) },
  ];
  const subjects = COUNTERS.flatMap((family) =>
    family.startsWith('tcp_') ? SIDES.map((side) => ({ family, side })) : [{ family, side: {} }],
  );
  test.each(subjects.flatMap(({ family, side }) => MUTANTS.map((m) => ({ family, side: JSON.stringify(side), m }))))(
    '$family of $side that $m.name is caught',
    ({ family, side, m }) => {
      const world = simulateTcp(11);
      const wanted = Object.entries(JSON.parse(side) as Record<string, string>);
      const hit = (s: Counted) => s.name === family && wanted.every(([k, v]) => s.labels[k] === v);
      const { violations } = judged(world, (s) => (hit(s) ? m.change(s, world) : s));
      expect(new Set(violations.map((v) => v.subject.family))).toContain(family);
    },
  );

  test.each([
    ['a wrong client', 'client_id', 'nobody'],
    ['a wrong pod', 'dst_pod', 'db-5d9f8-x9'],
    ['a wrong server', 'server_id', 'somebody'],
    ['a wrong parent', 'parent_name', 'cart'],
  ])('%s is caught', (_name, label, value) => {
    const { violations } = judged(simulateTcp(3), (s) =>
      s.labels[label] === undefined ? s : { ...s, labels: { ...s.labels, [label]: value } },
    );
    expect(violations.length).toBeGreaterThan(0);
  });
});
