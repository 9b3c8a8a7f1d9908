import type { FlowTimeline, LatencyDistribution, Timeline } from '../result/timeline/types.ts';
import { between } from './markdown.ts';

/** The edge that docs/ledgers.md goes through, as the proxy of the caller counted it: one pod, so one series of readings. */
const SOURCE = 'shop/web';
const DESTINATION = 'shop/cart';

/** One line of the first table. */
export interface Reading {
  atMs: number;
  /** The least and the most that the truth allows. */
  low: number;
  count: number;
  high: number;
}

/** docs/ledgers.md with the numbers of a run. */
export function withNumbersOf(text: string, timeline: Timeline): string {
  return between(between(text, 'readings', readingsTable(timeline)), 'buckets', bucketTable(timeline));
}

function readingsTable(timeline: Timeline): string {
  const flow = timeline.flows.find((one) => isExample(one, 'outbound'));
  if (!flow) throw new Error(`the timeline has no outbound flow ${SOURCE} -> ${DESTINATION}`);
  const { atMs, low, count, high } = flow.prometheus;
  const rows = atMs.map((at, i) => {
    const when = `${(at / 1000).toFixed(2)} s${at > timeline.trafficEndMs ? ', traffic has ended' : ''}`;
    return `| ${when} | ${low[i]} | ${count[i]} | ${high[i]} |`;
  });
  const head = [
    '| scrape, after traffic began | completed by callers: at least | `response_total` | completed by callees: at most |',
    '|---|---|---|---|',
  ];
  return [...head, ...rows].join('\n');
}

function bucketTable(timeline: Timeline): string {
  const [callers, callees] = (['outbound', 'inbound'] as const).map((direction) =>
    timeline.latencies.find((one) => isExample(one, direction)),
  );
  if (!callers || !callees) throw new Error(`the timeline has no latencies of ${SOURCE} -> ${DESTINATION}`);
  const [least, seen, most] = [cumulated(callers.truth), cumulated(callers.observed), cumulated(callees.truth)];
  const total = most.at(-1);
  const used = callers.edgesMs.findIndex((_, i) => least[i] === total);
  const rows = callers.edgesMs
    .slice(0, used + 1)
    .map((edge, i) => `| ${edge === null ? '+Inf' : `${edge} ms`} | ${least[i]} | ${seen[i]} | ${most[i]} |`);
  const head = ['| `le` | callers: at least | `response_latency_ms_bucket` | callees: at most |', '|---|---|---|---|'];
  return [...head, ...rows].join('\n');
}

function isExample(one: FlowTimeline | LatencyDistribution, direction: 'inbound' | 'outbound'): boolean {
  return one.source === SOURCE && one.destination === DESTINATION && one.direction === direction;
}

function cumulated(counts: readonly number[]): number[] {
  let sum = 0;
  return counts.map((count) => (sum += count));
}

/** The numbers of a table of docs/ledgers.md, row by row: low, count, high. */
export function numbersIn(text: string, name: 'readings' | 'buckets'): number[][] {
  const part = text.split(`<!-- ${name} -->`)[1]?.split(`<!-- /${name} -->`)[0] ?? '';
  return part
    .split('\n')
    .filter((line) => /\| \d/.test(line))
    .map((line) => line.split('|').slice(2, 5).map(Number));
}
