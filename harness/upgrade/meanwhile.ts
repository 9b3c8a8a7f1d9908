import type { RolloutEvent } from '../environment/contract.ts';

/** A control plane that was just replaced, and a pod that is just gone, are felt for a while: streams and pools come anew. */
const AFTERWARDS_MS = 1000;
/** More would hide which one it was. */
const MAX_NAMED = 3;

interface Span {
  fromMs: number;
  untilMs: number;
  workload: string;
  text: string;
}

/**
 * What of a roll-out went on in (part of) a time, in words; empty: nothing. What concerns the workloads that are asked about
 * stands first.
 */
export function meanwhile(
  events: readonly RolloutEvent[],
  { fromMs, untilMs, workloads }: { fromMs: number; untilMs: number; workloads: readonly string[] },
): string {
  const spans = spansOf(events).filter((span) => span.fromMs <= untilMs && span.untilMs >= fromMs);
  const rank = ({ workload }: Span) => (workloads.includes(workload) ? workloads.indexOf(workload) : workloads.length);
  const texts = [...new Set(spans.toSorted((a, b) => rank(a) - rank(b)).map(({ text }) => text))];
  const more = texts.length - MAX_NAMED;
  return [...texts.slice(0, MAX_NAMED), ...(more > 0 ? [`${more} more`] : [])].join('; ');
}

function spansOf(events: readonly RolloutEvent[]): Span[] {
  const ofPods = Map.groupBy(
    events.filter(({ pod }) => pod !== ''),
    ({ pod }) => pod,
  );
  const control = events
    .filter(({ pod }) => pod === '')
    .map(({ atMs, workload }) => ({
      fromMs: atMs - AFTERWARDS_MS,
      untilMs: atMs + AFTERWARDS_MS,
      workload,
      text: `the control plane (${workload}) was being replaced`,
    }));
  return [...control, ...[...ofPods].flatMap(([pod, steps]) => spansOfPod(pod, steps))];
}

function spansOfPod(pod: string, steps: readonly RolloutEvent[]): Span[] {
  const at = (what: RolloutEvent['what']) => steps.find((step) => step.what === what)?.atMs;
  const { workload } = steps[0]!;
  const spans: Span[] = [];
  const [started, ready, leaving, gone] = [at('pod-started'), at('pod-ready'), at('pod-leaving'), at('pod-gone')];
  if (started !== undefined || ready !== undefined) {
    const fromMs = started ?? ready!;
    const untilMs = (ready ?? Number.POSITIVE_INFINITY) + AFTERWARDS_MS;
    spans.push({ fromMs, untilMs, workload, text: `${pod} of ${workload} was starting` });
  }
  if (leaving !== undefined || gone !== undefined) {
    const fromMs = leaving ?? gone!;
    const untilMs = (gone ?? Number.POSITIVE_INFINITY) + AFTERWARDS_MS;
    spans.push({ fromMs, untilMs, workload, text: `${pod} of ${workload} was leaving` });
  }
  return spans;
}
