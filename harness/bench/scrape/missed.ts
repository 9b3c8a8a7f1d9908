/** What Prometheus stored of `up` for one target, and while it was to be scraped. */
export interface ScrapedTarget {
  /** `namespace/pod`. */
  name: string;
  /** Epoch ms, ascending; also from before `fromMs` (the more, the surer its phase) and after `untilMs` (it may have been due before). */
  up: readonly { t: number; v: number }[];
  /** From when on it should have been scraped, and until when, epoch ms. */
  fromMs: number;
  untilMs: number;
}

export interface Slots {
  expected: number;
  missed: number;
}

/** With the names of so many targets. */
const EXAMPLES = 5;

/**
 * The scrapes that a target should have had and did not. Prometheus scrapes each target at a phase of its own of the interval, and
 * late when it is busy; a scrape that is late by less than an interval (0.95 of it) is none that is missed, one that failed (`up` 0) is.
 * @param askedAtMs when `up` was read: a scrape that may still be under way then is neither expected nor missed
 */
export function slotsOf(target: ScrapedTarget, intervalMs: number, askedAtMs: number): Slots {
  const { up, fromMs, untilMs } = target;
  const span = untilMs - fromMs;
  if (span <= 0) return { expected: 0, missed: 0 };
  if (up.length === 0) {
    const expected = Math.floor(span / intervalMs);
    return { expected, missed: expected };
  }
  const times = up.map(({ t }) => t);
  const phase = phaseOf(times, intervalMs);
  const slots = assign(times, phase, intervalMs);
  const of = (wanted: boolean) => new Set(slots.filter((_, i) => (up[i]!.v === 1) === wanted));
  const [answered, failed] = [of(true), of(false)];
  let expected = 0;
  let missed = 0;
  for (let slot = Math.ceil((fromMs - phase) / intervalMs); phase + slot * intervalMs < untilMs; slot += 1) {
    const isOpen = phase + (slot + 1) * intervalMs > askedAtMs;
    if (isOpen && !answered.has(slot) && !failed.has(slot)) continue;
    expected += 1;
    if (!answered.has(slot)) missed += 1;
  }
  return { expected, missed };
}

/**
 * Modulo the interval. Prometheus stores a scrape that is on time (by 2 ms) at the very moment at which it was due, so that a moment
 * that comes back is the phase; where each is late by something else, the one after which they began soonest.
 */
function phaseOf(times: readonly number[], intervalMs: number): number {
  const after = (t: number, phase: number) => (((t - phase) % intervalMs) + intervalMs) % intervalMs;
  const counts = new Map<number, number>();
  for (const t of times) counts.set(after(t, 0), (counts.get(after(t, 0)) ?? 0) + 1);
  const most = Math.max(...counts.values());
  const least = most >= Math.max(3, times.length / 3) ? most : 1;
  const phases = [...counts].flatMap(([phase, count]) => (count >= least ? [phase] : []));
  const lateness = (phase: number) => times.reduce((sum, t) => sum + after(t, phase), 0);
  const [best] = phases.map((phase) => ({ phase, late: lateness(phase) })).sort((a, b) => a.late - b.late);
  return best!.phase;
}

/** By so much of an interval a scrape may seem early, as the phase is found from what may be late. */
const EARLY = 0.25;
/** Later than that it is the next one. */
const LATE = 0.95;

/** The slot of each scrape, in their order: one that is late takes the slot before where that has none. */
function assign(times: readonly number[], phase: number, intervalMs: number): number[] {
  let last = Number.NEGATIVE_INFINITY;
  return times.map((t) => {
    const nearest = Math.floor((t - phase) / intervalMs + EARLY);
    const isLate = nearest - 1 > last && t - phase - (nearest - 1) * intervalMs < LATE * intervalMs;
    last = isLate ? nearest - 1 : nearest;
    return last;
  });
}

/** Over all targets, as the record has it: those that missed the most are named. */
export function missedOf(
  targets: readonly ScrapedTarget[],
  intervalMs: number,
  askedAtMs: number,
): { scrapes: number; targets: number; examples: string[]; expected: number } {
  const slots = targets.map((target) => ({ name: target.name, ...slotsOf(target, intervalMs, askedAtMs) }));
  const some = slots.filter(({ missed }) => missed > 0).sort((a, b) => b.missed - a.missed);
  return {
    scrapes: some.reduce((sum, { missed }) => sum + missed, 0),
    targets: some.length,
    examples: some.slice(0, EXAMPLES).map(({ name, missed, expected }) => `${name}: ${missed} of ${expected}`),
    expected: slots.reduce((sum, { expected }) => sum + expected, 0),
  };
}
