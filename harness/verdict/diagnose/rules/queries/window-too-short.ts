import { durationOf, print } from '../../../../prometheus/promql/index.ts';
import { NEED_TWO_SAMPLES, type RangeCall, rangeCalls, withWindows } from './calls.ts';
import type { QueryContext } from './context.ts';
import type { Mend, Way } from './mend.ts';

/** With fewer a window often holds fewer than two samples. */
const INTERVALS = 2;
/** What Grafana's `$__rate_interval` takes, so that a failed scrape does no harm. */
const COMFORTABLE = 4;

/** A window in which there are fewer than two samples, always or often: it yields nothing, or a part of the series. */
export const windowTooShort: Mend = {
  cause: 'window-too-short',
  needs: ['the scrape interval of the jobs that the query selects'],
  ways(tree, context): Way[] {
    const calls = rangeCalls(tree, NEED_TWO_SAMPLES);
    const intervals = new Map(calls.map((call) => [print(call.call), context.intervalMs(call.selector)]));
    const intervalOf = ({ call }: RangeCall): number | undefined => intervals.get(print(call));
    const short = calls.filter((call) => isShort(call, intervalOf(call)));
    if (short.length === 0) return [];
    const longest = Math.max(...short.map((call) => intervalOf(call)!));
    return windowsFor(longest, context).map((ms) => ({
      tree: withWindows(tree, (call) => (isShort(call, intervalOf(call)) ? durationOf(ms) : null)),
      evidence: short.map(
        (call) =>
          `${print(call.call)} has a window of ${call.selector.range.text}, and what it selects is scraped every ${durationOf(intervalOf(call)!).text} (configuration of Prometheus): ${call.call.func}() needs two samples`,
      ),
    }));
  },
};

function isShort({ selector }: RangeCall, intervalMs: number | undefined): boolean {
  return intervalMs !== undefined && selector.range.ms < INTERVALS * intervalMs;
}

/** First the window that the query is taken to speak of, where that is long enough; then the shortest comfortable one. */
function windowsFor(intervalMs: number, { query }: QueryContext): number[] {
  const whole = Math.ceil((query.window.untilMs - query.window.fromMs) / 1000) * 1000;
  const comfortable = COMFORTABLE * intervalMs;
  return [...new Set(whole >= INTERVALS * intervalMs ? [whole, comfortable] : [comfortable])];
}
