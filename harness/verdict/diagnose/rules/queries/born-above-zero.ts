import type { MatrixSeries } from '../../../../prometheus/client.ts';
import { binary, type Expr, numberOf, type Selector, transform } from '../../../../prometheus/promql/index.ts';
import { type RangeCall, rangeCall, rangeCalls } from './calls.ts';
import { asInstant, type QueryContext } from './context.ts';
import type { Mend, Way } from './mend.ts';

const GROWTH: ReadonlySet<string> = new Set(['rate', 'increase']);
/** How far before the window samples are looked for: Prometheus' lookback, in which a series counts as existing. */
const LOOKBACK_MS = 300_000;

/** A counter whose first sample is above zero: what it counted until then is in no difference of two samples. */
export const seriesBornAboveZero: Mend = {
  cause: 'series-born-above-zero',
  needs: ['the first stored sample of each series that the query selects'],
  ways(tree, context): Way[] {
    const calls = rangeCalls(tree, GROWTH).filter(({ selector }) => isPlain(selector));
    const born = calls.flatMap((call) => bornIn(call, context));
    if (born.length === 0) return [];
    const mended = transform(tree, (expr) => {
      const known = rangeCall(expr, GROWTH);
      return known && isPlain(known.selector) ? withFirstValues(known) : expr;
    });
    return [{ tree: mended, evidence: [...new Set(born.map(describe))].slice(0, SHOWN) }];
  },
};

const SHOWN = 6;

/** Without a moment of its own: then an offset of the window is one of the whole. */
function isPlain({ time }: Selector): boolean {
  return time.offset === null && time.at === '' && time.edges === '';
}

/** Series that begin in the window of a call, and not at zero. */
function bornIn({ selector }: RangeCall, context: QueryContext): MatrixSeries[] {
  const { atMs } = context.query;
  const all = context.samples(selector, selector.range.ms + LOOKBACK_MS) ?? [];
  return all.filter(({ samples: [first] }) => first && first.t > atMs - selector.range.ms && first.v > 0);
}

/**
 * `x unless x offset w`: what was not there when the window began. Such a series has counted all that it shows since; the others
 * are left to the function.
 */
function withFirstValues({ call, selector }: RangeCall): Expr {
  const now = asInstant(selector);
  const before: Selector = { ...now, time: { ...now.time, offset: selector.range } };
  const born = binary('unless', now, before);
  const seconds = numberOf(selector.range.ms / 1000);
  const grown = call.func === 'rate' ? binary('/', born, seconds) : born;
  return binary('or', grown, call);
}

function describe({ labels, samples }: MatrixSeries): string {
  const [first] = samples;
  const { __name__: name = '', pod, ...rest } = labels;
  const shown = ['direction', 'dst_deployment', 'status_code', 'classification', 'le']
    .flatMap((label) => (rest[label] ? [`${label}="${rest[label]}"`] : []))
    .join(', ');
  return `${name}${shown ? `{${shown}}` : ''} of ${pod ?? labels.instance ?? 'a target'}: its first stored sample is ${first!.v}, at ${new Date(first!.t).toISOString()}`;
}
