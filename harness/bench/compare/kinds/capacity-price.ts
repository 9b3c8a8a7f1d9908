import type { CapacityResult, MeshPrice } from '../../../result/bench/types.ts';
import { mean } from '../../../upgrade/statistics.ts';
import type { Draft } from '../draft.ts';
import { ofSpread, type Test, unknown } from '../noise.ts';
import { byRate, latencyOf, type Metric, relativeSpread, type SideName, sameRate, values } from './capacity-points.ts';

interface Line {
  what: string;
  unit: string;
  of(price: MeshPrice): number;
  metric: Metric;
  /** Of the points of which side it is made: of both their difference. */
  from: SideName[];
}

const latency = (p: 'p50' | 'p95' | 'p99'): Line => ({
  what: `added latency ${p}`,
  unit: 'ms',
  of: ({ addedLatencyMs }) => addedLatencyMs[p],
  metric: latencyOf(p),
  from: ['meshed', 'unmeshed'],
});

const cpu = (part: string, side: SideName, of: Line['of']): Line => ({
  what: `CPU of ${part}, 1,000 requests${part === 'app' ? `, ${side}` : ''}`,
  ...{ unit: 's', of, from: [side] },
  metric: ({ usage }) => usage.find((u) => u.part === part)?.cpuSecondsPer1000Requests ?? null,
});

const memory = (part: string, side: SideName, of: Line['of']): Line => ({
  what: `memory of ${part}${part === 'app' ? `, ${side}` : ''}`,
  ...{ unit: 'bytes', of, from: [side] },
  metric: ({ usage }) => usage.find((u) => u.part === part)?.residentBytes ?? null,
});

const LINES: Line[] = [
  latency('p50'),
  latency('p95'),
  latency('p99'),
  cpu('proxy', 'meshed', (price) => price.proxyCpu),
  cpu('app', 'meshed', (price) => price.appCpu.meshed),
  cpu('app', 'unmeshed', (price) => price.appCpu.unmeshed),
  memory('proxy', 'meshed', (price) => price.proxyBytes),
  memory('app', 'meshed', (price) => price.appBytes.meshed),
  memory('app', 'unmeshed', (price) => price.appBytes.unmeshed),
];

/** What the mesh costs, line by line. Its noise: how much the repeats of the points vary that it is made of. */
export function priceDrafts(a: CapacityResult, b: CapacityResult): Draft[] {
  const [p, q] = [a.price, b.price];
  if (!p && !q) return [];
  return LINES.map((line) => ({
    ...{ group: 'price', what: line.what, unit: line.unit, better: 'lower' },
    ...{ a: p ? line.of(p) : null, b: q ? line.of(q) : null },
    test: p && q ? testOf(line, a, p, b, q) : unknown(''),
  }));
}

function testOf(line: Line, a: CapacityResult, p: MeshPrice, b: CapacityResult, q: MeshPrice): Test {
  if (!sameRate(p.atPerSecond, q.atPerSecond)) {
    return unknown(`A is of ${+p.atPerSecond.toPrecision(4)}/s, B of ${+q.atPerSecond.toPrecision(4)}/s`);
  }
  const parts = line.from.flatMap((side) => {
    const spread = relativeSpread([a, b], side, line.metric);
    return [
      { record: a, at: p.atPerSecond },
      { record: b, at: q.atPerSecond },
    ].map(({ record, at }) => {
      const points = byRate(record, side).find(({ rate }) => sameRate(rate, at))?.points ?? [];
      const found = values(points, line.metric);
      if (!spread || found.length === 0) return null;
      return { ...spread, deviation: (spread.deviation * mean(found)) / Math.sqrt(found.length) };
    });
  });
  const known = parts.filter((part) => part !== null);
  if (known.length < parts.length) return unknown('its points were not repeated');
  return ofSpread(line.of(p), line.of(q), {
    deviation: Math.hypot(...known.map((part) => part.deviation)),
    freedom: Math.min(...known.map((part) => part.freedom)),
    from: 'how much repeats of its points vary',
  });
}
