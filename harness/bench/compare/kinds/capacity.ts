import { servedShare, tellsLatency } from '../../../report/bench/served.ts';
import type { CapacityPoint, CapacityResult, MeshPrice, Objectives } from '../../../result/bench/types.ts';
import { mean } from '../../../upgrade/statistics.ts';
import { environments, machines, other, tools, unfinished } from '../caveats.ts';
import { ofQuantile, ofShares, type Quantiles } from '../counting.ts';
import type { Draft } from '../draft.ts';
import { beyond, ofEstimates, ofRepeats, ofSpread, roundingOf, type Test, unknown } from '../noise.ts';
import {
  atSameRates,
  byRate,
  latencyOf,
  type Metric,
  relativeSpread,
  type SideName,
  values,
} from './capacity-points.ts';
import { priceDrafts } from './capacity-price.ts';

const SIDES = ['meshed', 'unmeshed'] as const;

export function capacityDrafts(a: CapacityResult, b: CapacityResult): Draft[] {
  return [
    ...SIDES.map((side) => capacityOf(side, a, b)),
    ratio(a.price, b.price),
    ...priceDrafts(a, b),
    ...SIDES.flatMap((side) => rateDrafts(side, a, b)),
  ];
}

function capacityOf(side: SideName, a: CapacityResult, b: CapacityResult): Draft {
  const of = ({ sides }: CapacityResult) => sides.find((s) => s.side === side)?.capacity ?? null;
  const [x, y] = [of(a), of(b)];
  return {
    ...{ group: '', what: `capacity, ${side}`, unit: '/s', better: 'higher', headline: true },
    ...{ a: x?.value ?? null, b: y?.value ?? null, test: x && y ? ofEstimates(x, y) : unknown('') },
  };
}

function ratio(a: MeshPrice | null, b: MeshPrice | null): Draft {
  const [x, y] = [a?.capacityRatio, b?.capacityRatio];
  return {
    ...{ group: '', what: 'capacity, meshed of unmeshed', unit: 'ratio', better: 'higher', headline: true },
    ...{ a: x?.value ?? null, b: y?.value ?? null, test: x && y ? ofEstimates(x, y) : unknown('') },
  };
}

const QUANTILES = { p50: 0.5, p95: 0.95, p99: 0.99 } as const;

/** What both measured at the same rate. */
function rateDrafts(side: SideName, a: CapacityResult, b: CapacityResult): Draft[] {
  return atSameRates(byRate(a, side), byRate(b, side)).flatMap((pair) =>
    atRate(`${side} at ${+pair.a.rate.toPrecision(4)}/s`, side, pair.a.points, pair.b.points, [a, b]),
  );
}

function atRate(
  group: string,
  side: SideName,
  a: readonly CapacityPoint[],
  b: readonly CapacityPoint[],
  records: readonly CapacityResult[],
): Draft[] {
  const row = (what: string, unit: string, metric: Metric, better: Draft['better'], test: Test): Draft => ({
    ...{ group, what, unit, better, test },
    ...{ a: average(values(a, metric)), b: average(values(b, metric)) },
  });
  const repeated = (metric: Metric, otherwise: Test, step = 0) =>
    testOf(side, { a, b, metric, step }, records, otherwise);
  const alone = unknown('it was not repeated');
  const latencies = (['p50', 'p95', 'p99'] as const).map((p) => {
    const metric = latencyOf(p);
    const ranks = a.length === 1 && b.length === 1 ? ofQuantile(known(a[0]!), known(b[0]!), QUANTILES[p]) : alone;
    const test = atKnee(a, b) ? unknown(KNEE) : repeated(metric, ranks, LATENCY_STEP_MS);
    return row(`latency ${p}`, 'ms', metric, 'lower', test);
  });
  const achieved = achievedTest(a, b, repeated(shareAchieved, alone, oneRequest([...a, ...b])));
  const cpu = (part: string) => {
    const metric: Metric = ({ usage }) => usage.find((u) => u.part === part)?.cpuSecondsPer1000Requests ?? null;
    return row(`CPU of ${part}, 1,000 requests`, 's', metric, 'lower', repeated(metric, alone));
  };
  const [x, y] = [succeeded(a), succeeded(b)];
  return [
    row('achieved of offered', 'ratio', shareAchieved, 'higher', achieved),
    row('success rate', 'ratio', servedShare, 'higher', ofShares(x, y)),
    ...latencies,
    cpu('app'),
    cpu('proxy'),
  ];
}

/** k6 stamps whole milliseconds. */
const LATENCY_STEP_MS = 1;
/** One that is under way as the window ends, at either side. */
const AT_THE_EDGES = 2;

/**
 * Of what is offered: the load is open, so that repeats of a rate carry the same to within a request, and 100.9/s of 101/s is as
 * good as 100/s of 100/s.
 */
const shareAchieved: Metric = (point) =>
  point.offeredPerSecond > 0 ? point.achievedPerSecond / point.offeredPerSecond : null;

/** Of all that arrived in a window, the share that one request is. */
function oneRequest(points: readonly CapacityPoint[]): number {
  return Math.max(...points.map(({ requests }) => 1 / Math.max(1, requests)));
}

/** Rates of a pair are a little apart; of a mesh that is full, the lower one carries a greater share by as much. */
function achievedTest(a: readonly CapacityPoint[], b: readonly CapacityPoint[], test: Test): Test {
  const rate = (points: readonly CapacityPoint[]) => mean(points.map((point) => point.offeredPerSecond));
  const share = (points: readonly CapacityPoint[]) => mean(values(points, shareAchieved));
  const [x, y] = [rate(a), rate(b)];
  const full = [...a, ...b].every((point) => point.sustained) ? 0 : Math.abs(x - y) / Math.max(x, y);
  const least = AT_THE_EDGES * oneRequest([...a, ...b]) + full;
  return beyond(least, share(b) - share(a), test, 'no more than what is under way as a window ends');
}

const KNEE = 'not sustained, and not of one rate: there latency is that of the overload';

/** Whether a pair is beyond what is carried, and at rates of which already the smallest difference shows. */
function atKnee(a: readonly CapacityPoint[], b: readonly CapacityPoint[]): boolean {
  const all = [...a, ...b];
  const rates = new Set(all.map((point) => point.offeredPerSecond));
  return rates.size > 1 && !all.every((point) => point.sustained);
}

/** What is compared at a rate, and in which steps it was measured. */
interface Compared {
  a: readonly CapacityPoint[];
  b: readonly CapacityPoint[];
  metric: Metric;
  step: number;
}

/** By the repeats at this rate; where one side has none, by how much those of other rates vary. */
function testOf(
  side: SideName,
  { a, b, metric, step }: Compared,
  records: readonly CapacityResult[],
  otherwise: Test,
): Test {
  const [x, y] = [values(a, metric), values(b, metric)];
  if (x.length === 0 || y.length === 0) return unknown('');
  if (x.length > 1 && y.length > 1) return ofRepeats(x, y, step);
  const spread = relativeSpread(records, side, metric);
  if (!spread || ![...a, ...b].every((point) => point.sustained)) return otherwise;
  const varies = spread.deviation * Math.hypot(mean(x) / Math.sqrt(x.length), mean(y) / Math.sqrt(y.length));
  const deviation = Math.max(varies, roundingOf(step, x.length, y.length));
  const from = `how much repeats at other rates vary (${spread.freedom} degrees of freedom)`;
  return ofSpread(mean(x), mean(y), { deviation, freedom: spread.freedom, from });
}

const average = (list: readonly number[]) => (list.length > 0 ? mean(list) : null);

/** Iterations that were dropped were arrivals, too, and nobody served them. */
function succeeded(points: readonly CapacityPoint[]) {
  const sum = (of: (point: CapacityPoint) => number) => points.reduce((total, point) => total + of(point), 0);
  const made = sum(({ requests }) => requests);
  return { hits: made - sum(({ failed }) => failed), of: made + sum(({ droppedIterations }) => droppedIterations) };
}

function known(point: CapacityPoint): Quantiles {
  const { requests, latencyMs } = point;
  const at =
    latencyMs && tellsLatency(point)
      ? Object.entries(QUANTILES).map(([name, p]) => ({ p, value: latencyMs[name as keyof typeof QUANTILES] }))
      : [];
  return { n: requests, at };
}

function objectivesText({ p50Ms, p95Ms, p99Ms, successRate }: Objectives): string {
  const latency = Object.entries({ p50: p50Ms, p95: p95Ms, p99: p99Ms }).flatMap(([name, ms]) =>
    ms === null ? [] : [`${name} <= ${ms} ms`],
  );
  return [...latency, `success >= ${+(100 * successRate).toPrecision(6)}%`].join(', ');
}

export function capacityCaveats(a: CapacityResult, b: CapacityResult): string[] {
  return [
    ...other('scenario', a.scenario, b.scenario),
    ...other('service', a.of, b.of),
    ...other('set of objectives', objectivesText(a.objectives), objectivesText(b.objectives)),
    ...machines(a.machine, b.machine),
    ...environments(a.environment, b.environment),
    ...tools(a.tools, b.tools),
    ...other('seed', a.seed, b.seed),
    ...SIDES.flatMap((side) =>
      Object.entries({ A: a, B: b }).flatMap(([name, { sides }]) =>
        sides.some((s) => s.side === side && !s.converged) ? [`the search of ${name}, ${side}, did not converge`] : [],
      ),
    ),
    ...unfinished(a, b),
  ];
}
