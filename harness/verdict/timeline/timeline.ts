import {
  type FlowTimeline,
  type LatencyDistribution,
  TIMELINE_API_VERSION,
  type Timeline,
} from '../../result/timeline/types.ts';
import type { FlowResult } from '../../result/types.ts';
import type { Scenario } from '../../scenario/model.ts';
import type { JudgeInput, Judgement } from '../judge.ts';
import { OPENED } from '../tcp/reconcile.ts';
import { type Edge, edgeKey } from '../witness.ts';
import { bandsOf, type RolloutStep } from './bands.ts';
import { distributionOf } from './distribution.ts';
import { podsOf } from './pods.ts';
import { fromLead, type ReadingsLine, readingsLine, thinned } from './readings-line.ts';
import type { Recording } from './recording.ts';
import { type Since, type Span, staircase } from './staircase.ts';

/** What a timeline is made of. All of it is at hand when a scenario has been judged. */
export interface TimelineFacts {
  scenario: Pick<Scenario, 'name' | 'timeline' | 'restarts' | 'faults'> & {
    mesh: Pick<Scenario['mesh'], 'scrapeIntervalMs'>;
  };
  input: JudgeInput;
  judgement: Pick<Judgement, 'flows'>;
  /** What the judge told while it judged this input. */
  recording: Recording;
  /** What happened of the scenario's roll-out, oldest first. */
  rollout?: readonly RolloutStep[] | undefined;
  /** Series on each proxy's own page, by `namespace/pod`. */
  series?: ReadonlyMap<string, number>;
}

/** Points of each line of a flow, and of all flows together: a file of a few hundred kilobytes is read at once. */
const MAX_POINTS = 200;
const MIN_POINTS = 40;
const POINTS_OF_ALL = 2400;

/** Of each of so many edges' lines. */
export function pointsOf(edges: number): number {
  return Math.min(MAX_POINTS, Math.max(MIN_POINTS, Math.floor(POINTS_OF_ALL / Math.max(1, edges))));
}

/** What happened over time in a scenario, as it was judged. Pure. */
export function timelineOf({ scenario, input, judgement, recording, rollout, series }: TimelineFacts): Timeline {
  const { originMs, trafficEndMs } = input.window;
  const { scrapeIntervalMs } = scenario.mesh;
  // -0 is 0 in the file.
  const since: Since = (epochMs) => Math.round(epochMs - originMs) + 0;
  const edges = edgesOf(judgement.flows);
  const lines = edges.map(({ key }) => ({
    prometheus: readingsLine(recording.tracksOf('prometheus', key), since),
    proxy: readingsLine(recording.tracksOf('proxy', key), since),
  }));
  const leadMs = -2 * scrapeIntervalMs;
  const readings = lines.map(({ prometheus }) => fromLead(prometheus, leadMs));
  const span = spanOf(
    input,
    edges.map(({ key }) => recording.momentsOf(key).all),
    [...readings, ...lines.map(({ proxy }) => proxy)],
    since,
  );
  const points = pointsOf(edges.length);
  const flows = edges.map(
    ({ key, edge, unit }, i): FlowTimeline => ({
      ...edge,
      unit,
      truth: staircase(recording.momentsOf(key), since, span, points),
      prometheus: thinned(readings[i]!, span, points),
      proxy: endOf(lines[i]!.proxy, since(input.window.quietFromMs)),
    }),
  );
  return {
    apiVersion: TIMELINE_API_VERSION,
    kind: 'Timeline',
    scenario: scenario.name,
    originEpochMs: originMs,
    ...span,
    trafficEndMs: since(trafficEndMs),
    scrapeIntervalMs,
    pods: podsOf(input, series ?? new Map(), since, span.fromMs),
    bands: bandsOf(scenario, rollout ?? [], since, span.fromMs),
    flows,
    latencies: latenciesOf(recording, edges),
  };
}

interface NamedEdge {
  key: string;
  edge: Edge;
  unit: FlowTimeline['unit'];
}

/** Each edge that has a flow, once. */
function edgesOf(flows: readonly FlowResult[]): NamedEdge[] {
  const edges = new Map<string, NamedEdge>();
  for (const { source, destination, direction, protocol, status } of flows) {
    if (protocol === 'tcp' && status !== OPENED) continue;
    const edge: Edge = { source, destination, direction };
    const key = edgeKey(edge);
    if (!edges.has(key)) edges.set(key, { key, edge, unit: protocol === 'tcp' ? 'connections' : 'responses' });
  }
  return [...edges.values()];
}

/** From a little before traffic to the last thing that is told of. */
function spanOf(
  { window, prometheus }: JudgeInput,
  truth: readonly (readonly number[])[],
  lines: readonly ReadingsLine[],
  since: Since,
): Span {
  let fromMs = 0;
  let toMs = since(window.trafficEndMs);
  const see = (atMs: number | undefined): void => {
    if (atMs === undefined) return;
    fromMs = Math.min(fromMs, atMs);
    toMs = Math.max(toMs, atMs);
  };
  for (const times of truth) for (const t of times) see(since(t));
  for (const { atMs } of lines) {
    see(atMs[0]);
    see(atMs.at(-1));
  }
  for (const { scrapes } of prometheus.targets) {
    const last = scrapes.at(-1);
    if (last) see(Math.max(0, since(last.untilMs)));
  }
  return { fromMs, toMs };
}

/**
 * Proxies' own pages are read once, when all is quiet (ADR 0017); but for those of pods that leave, which are read as they do.
 * @param quietMs when the reading of all the others began
 */
function endOf(line: ReadingsLine, quietMs: number): FlowTimeline['proxy'] {
  const atMs = line.atMs.at(-1);
  if (atMs === undefined) return null;
  const end = { atMs, count: line.count.at(-1)!, failures: line.failures.at(-1)! };
  const before = line.atMs.filter((at) => at < quietMs).length;
  // Where all have left the last of them is the end.
  const earlier = Math.min(before, line.atMs.length - 1);
  if (earlier === 0) return end;
  const [times, count, failures] = [line.atMs, line.count, line.failures].map((values) => values.slice(0, earlier));
  return { ...end, earlier: { atMs: times!, count: count!, failures: failures! } };
}

function latenciesOf({ pairs }: Recording, edges: readonly NamedEdge[]): LatencyDistribution[] {
  const known = new Map(pairs.map((pair) => [edgeKey(pair), pair]));
  return edges.flatMap(({ key }) => {
    const pair = known.get(key);
    return pair ? [distributionOf(pair)] : [];
  });
}
