import { durationOf, print, transform } from '../../../../prometheus/promql/index.ts';
import { rangeCall, rangeCalls, withWindows } from './calls.ts';
import type { Mend, Way } from './mend.ts';

const IRATE: ReadonlySet<string> = new Set(['irate']);

/** irate() shows the last two samples of its window, whatever the window; people take it for the window. */
export const irateOnASpikyLoad: Mend = {
  cause: 'irate-on-a-spiky-load',
  needs: ['the rate of the last two samples against that of the window'],
  ways(tree, context): Way[] {
    const { query } = context;
    // A window too short for two samples is another matter.
    const calls = rangeCalls(tree, IRATE).filter(({ selector }) => {
      const interval = context.intervalMs(selector);
      return interval !== undefined && selector.range.ms >= 2 * interval;
    });
    if (calls.length === 0) return [];
    const evidence = calls.map(
      ({ call, selector }) =>
        `${print(call)} is the rate between the last two samples alone, however long ${selector.range.text} is`,
    );
    const asRate = transform(tree, (expr) => {
      const known = rangeCall(expr, IRATE);
      return known ? { ...known.call, func: 'rate' } : expr;
    });
    const whole = durationOf(Math.ceil((query.window.untilMs - query.window.fromMs) / 1000) * 1000);
    const overAll = withWindows(asRate, ({ call, selector }) =>
      calls.some((c) => print(c.selector) === print(selector)) && call.func === 'rate' ? whole : null,
    );
    return [asRate, overAll].map((mended) => ({ tree: mended, evidence }));
  },
};
