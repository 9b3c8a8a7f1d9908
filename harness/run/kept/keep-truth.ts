import { epochMs } from '../../core/clock.ts';
import { describe } from '../../core/errors.ts';
import type { RunningEnvironment } from '../../environment/contract.ts';
import { remoteWrite, STALE, type TimeSeries } from '../../prometheus/remote-write.ts';
import type { JudgeInput } from '../../verdict/judge.ts';
import { TRUTH_LATENCY, truthSeries } from './truth-series.ts';

/** Counters go on as long as they are looked at: Prometheus forgets what is older than five minutes. */
const AGAIN_EVERY_MS = 15_000;

/**
 * Writes the truth of a run into its Prometheus, beside what was scraped, each sample with the time at which it was so; then its
 * counters go on until it is disposed of.
 * @returns a line for the user, and the end of it; null where this Prometheus takes no samples
 */
export async function keepTruth(
  env: Pick<RunningEnvironment, 'takesSamples' | 'prometheusUrl'>,
  scenario: string,
  { topology, truth, window }: JudgeInput,
  signal: AbortSignal,
): Promise<({ line: string } & Disposable) | null> {
  const { originMs, scrapeIntervalMs } = window;
  if (!env.takesSamples || scrapeIntervalMs === undefined) return null;
  const series = truthSeries({ scenario, topology, truth, originMs, scrapeIntervalMs, untilMs: epochMs() });
  try {
    await remoteWrite(env.prometheusUrl, series, signal);
  } catch (error) {
    return { line: `the truth could not be written to it: ${describe(error)}`, [Symbol.dispose]() {} };
  }
  const again = setInterval(() => {
    // Prometheus may be ending; there is nobody to tell then.
    void remoteWrite(env.prometheusUrl, atNow(series), signal).catch(() => {});
  }, AGAIN_EVERY_MS);
  return {
    line: 'the truth is in it too, as meshproof_truth_*: dashboards/grafana has it beside what was observed (docs/dashboards.md)',
    [Symbol.dispose]: () => clearInterval(again),
  };
}

/** As of now: counters have their last values, and nothing is answered any more of which there could be a latency. */
function atNow(series: readonly TimeSeries[]): TimeSeries[] {
  const t = Math.floor(epochMs());
  return series.map(({ labels, samples }) => {
    const v = labels.__name__ === TRUTH_LATENCY ? STALE : samples.at(-1)!.v;
    return { labels, samples: [{ t, v }] };
  });
}
