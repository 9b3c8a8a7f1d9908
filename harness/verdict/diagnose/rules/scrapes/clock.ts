import type { Evidence } from '../../../../evidence/types.ts';
import { contextOf } from '../../context/index.ts';
import type { Finding, Rule } from '../../types.ts';

/** Less than this is nothing that a scrape interval would notice, ms. */
const TOLERATED_MS = 200;
/** Of clocks that are read off samples: a page shows whole seconds, and takes a while to come. */
const BY_SAMPLES_MS = 1500;
/**
 * Without a run, ms: we may sit at any machine, and below twice what samples can be read to they do not tell whose clock is off,
 * ours or Prometheus'.
 */
export const TOLERATED_WITHOUT_RUN_MS = 2 * BY_SAMPLES_MS;

/** Prometheus stamps samples with its own clock; everybody else's events lie in theirs. */
export const CLOCK: Rule = {
  causes: ['prometheus-clock-off'],
  needs: ['clock', 'stored:process_clock_time_seconds'],
  diagnose({ evidence, run }): Finding[] {
    const measured = evidence.prometheus.clock;
    if (measured !== null) {
      const { aheadMs, uncertaintyMs } = measured;
      const toleratedMs = run === null ? TOLERATED_WITHOUT_RUN_MS : TOLERATED_MS;
      if (Math.abs(aheadMs) <= uncertaintyMs + toleratedMs) return [];
      const whose = whoseClock(evidence, aheadMs);
      if (whose === 'ours' || (whose === 'unknown' && run === null)) return [];
      const within = `known to within ${Math.ceil(uncertaintyMs)} ms`;
      return [finding(aheadMs, [`Prometheus' own time: ${off(aheadMs)}, ${within}`])];
    }
    // Only where the clock could not be measured do stored samples bear its own times.
    const samples = aheadBySamples(evidence);
    if (samples === null || Math.abs(samples.aheadMs) <= BY_SAMPLES_MS) return [];
    return [finding(samples.aheadMs, [bySamples(samples)])];
  },
};

/**
 * Whose clock is off where Prometheus' and ours differ. It is ours when the proxies' clocks agree with Prometheus', and both are
 * far from ours. Stored samples have been given times of ours.
 */
export function whoseClock(evidence: Evidence, aheadMs: number): 'ours' | "Prometheus'" | 'unknown' {
  const samples = aheadBySamples(evidence);
  if (samples === null) return 'unknown';
  if (Math.abs(aheadMs) <= TOLERATED_WITHOUT_RUN_MS) return "Prometheus'";
  return Math.abs(samples.aheadMs + aheadMs) <= BY_SAMPLES_MS ? 'ours' : "Prometheus'";
}

function finding(aheadMs: number, evidence: string[]): Finding {
  return {
    causes: ['prometheus-clock-off'],
    pods: [],
    subject: '',
    summary: `The clock of Prometheus' host is ${off(aheadMs)}: its samples bear times at which they were not taken.`,
    evidence,
  };
}

function off(aheadMs: number): string {
  return `${(Math.abs(aheadMs) / 1000).toFixed(1)} s ${aheadMs > 0 ? 'ahead' : 'behind'}`;
}

interface BySamples {
  aheadMs: number;
  proxies: number;
}

function bySamples({ aheadMs, proxies }: BySamples): string {
  return `process_clock_time_seconds of ${proxies} proxies against the time of the samples: ${off(aheadMs)}`;
}

/**
 * The proxies' own clocks as their pages show them, against the stamps of the samples: half a second is what whole seconds lack
 * on average. A clock of theirs that is wrong is one of many: the middle one counts.
 */
function aheadBySamples(evidence: Evidence): BySamples | null {
  const jobs = new Set(contextOf(evidence).proxyJobs.map(({ name }) => name));
  const each = evidence.stored
    .filter(({ labels }) => labels.__name__ === 'process_clock_time_seconds' && jobs.has(labels.job ?? ''))
    .flatMap(({ samples }) => {
      const [last] = samples.slice(-1);
      return last === undefined ? [] : [last.t - last.v * 1000 - 500];
    })
    .sort((a, b) => a - b);
  return each.length < 2 ? null : { aheadMs: each[Math.floor(each.length / 2)]!, proxies: each.length };
}
