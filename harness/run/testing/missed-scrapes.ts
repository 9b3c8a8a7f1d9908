import type { LedgerTarget } from '../../ledger/types.ts';
import type { JudgeInput } from '../../verdict/judge.ts';

/**
 * The pods (`namespace/pod`) that Prometheus did not see as often or as sharply as it was to while traffic ran: a scrape failed, did
 * not happen, or took so long that its page may be of any moment of a quarter of the interval. Between which counts a reading must lie
 * is then known less well, and a proxy that counts wrongly may hide there.
 */
export function missedScrapes({ prometheus, window }: Pick<JudgeInput, 'prometheus' | 'window'>): Set<string> {
  const intervalMs = window.scrapeIntervalMs;
  if (intervalMs === undefined) throw new Error('without an interval nobody knows what is missing');
  const missed = prometheus.targets.filter((target) => isMissing(target, window, intervalMs));
  return new Set(missed.map(({ namespace, pod }) => `${namespace}/${pod}`));
}

function isMissing({ scrapes }: LedgerTarget, window: JudgeInput['window'], intervalMs: number): boolean {
  return scrapes.some(({ ok, t, fromMs, untilMs }, index) => {
    if (t < window.originMs - intervalMs || t > window.trafficEndMs + intervalMs) return false;
    const sinceMs = t - (scrapes[index - 1]?.t ?? t);
    return !ok || sinceMs > 1.5 * intervalMs || untilMs - fromMs > intervalMs / 4;
  });
}
