import type { Behaviour, RouteConfig, TimelineChange } from '../contract.ts';

/** A behaviour that holds from `fromMs` after the origin until the next phase begins. */
export interface Phase {
  fromMs: number;
  behaviour: Behaviour;
}

/**
 * What a route does over time: phases ascending in `fromMs`, the first from -Infinity. Where changes overlap, the one
 * later in the list wins, field by field.
 */
export function phasesOf(route: RouteConfig, timeline: readonly TimelineChange[]): Phase[] {
  const base: Behaviour = { latency: route.latency, errors: route.errors, body: route.body };
  const changes = timeline.filter((change) => concerns(change, route));
  const edges = new Set<number>();
  for (const change of changes) {
    edges.add(change.atMs);
    if (change.untilMs !== null) edges.add(change.untilMs);
  }
  const phases: Phase[] = [{ fromMs: Number.NEGATIVE_INFINITY, behaviour: base }];
  for (const fromMs of [...edges].sort((a, b) => a - b)) {
    const behaviour = { ...base };
    for (const { atMs, untilMs, change } of changes) {
      if (fromMs < atMs || (untilMs !== null && fromMs >= untilMs)) continue;
      if (change.latency) behaviour.latency = change.latency;
      if (change.errors) behaviour.errors = change.errors;
      if (change.body) behaviour.body = change.body;
    }
    phases.push({ fromMs, behaviour });
  }
  return phases;
}

/** Whether a change names the route; null stands for every path, every method. */
export function concerns(change: Pick<TimelineChange, 'path' | 'method'>, route: RouteConfig): boolean {
  return (
    (change.path === null || change.path === route.path) && (change.method === null || change.method === route.method)
  );
}
