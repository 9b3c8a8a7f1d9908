import type { Scenario, TrafficShape } from '../scenario/model.ts';
import { trafficDurationMs } from '../scenario/model.ts';
import type { RolloutPace } from './plan.ts';

/** Traffic before the roll-out begins and after it has ended, ms: what goes on steadily is told from what it disturbs. */
const LEAD_MS = 3000;
const TAIL_MS = 5000;
/** Of scrapes that each side of the roll-out gets at least. */
const LEAD_SCRAPES = 2;

/** How long the whole roll-out of a scenario takes, ms, by that pace: every pod of its services, one by one, with the rest after each. */
export function rolloutMs(
  scenario: Pick<Scenario, 'services'>,
  { controlPlaneMs, podMs }: RolloutPace,
  restMs: number,
): number {
  const pods = scenario.services.reduce((sum, { replicas }) => sum + replicas, 0);
  return controlPlaneMs + pods * (podMs + restMs);
}

/**
 * The scenario with a roll-out in it and traffic for as long as that takes. Rates stay what they are: everything that has a time
 * (stages of the traffic, changes of behaviour, restarts, faults) has it later, in proportion. A scenario that is long enough stays as it is.
 */
export function stretched(scenario: Scenario, toVersion: string, pace: RolloutPace): Scenario {
  // Each pod, old and new together, is seen by a scrape before the next.
  const restMs = scenario.mesh.scrapeIntervalMs;
  const atMs = Math.max(LEAD_MS, LEAD_SCRAPES * scenario.mesh.scrapeIntervalMs);
  const neededMs =
    atMs + rolloutMs(scenario, pace, restMs) + Math.max(TAIL_MS, LEAD_SCRAPES * scenario.mesh.scrapeIntervalMs);
  const factor = Math.max(1, neededMs / Math.max(1, trafficDurationMs(scenario)));
  const later = (ms: number) => Math.round(ms * factor);
  const laterOrNever = (ms: number | null) => (ms === null ? null : later(ms));
  return {
    ...scenario,
    traffic: scenario.traffic.map((stream) => ({
      ...stream,
      startMs: later(stream.startMs),
      shape: stretchedShape(stream.shape, later),
    })),
    timeline: scenario.timeline.map((change) => ({
      ...change,
      atMs: later(change.atMs),
      untilMs: laterOrNever(change.untilMs),
    })),
    restarts: scenario.restarts.map((restart) => ({ ...restart, atMs: later(restart.atMs) })),
    ...(scenario.faults && {
      faults: scenario.faults.map((fault) => ({ ...fault, atMs: laterOrNever(fault.atMs) })),
    }),
    rollout: { toVersion, atMs, restMs },
  };
}

function stretchedShape(shape: TrafficShape, later: (ms: number) => number): TrafficShape {
  if (shape.executor !== 'ramping-arrival-rate') return { ...shape, durationMs: later(shape.durationMs) };
  return { ...shape, stages: shape.stages.map((stage) => ({ ...stage, durationMs: later(stage.durationMs) })) };
}
