import { print, type Selector, selectorsOf, transform, withMatcher } from '../../../../prometheus/promql/index.ts';
import { asInstant, type QueryContext } from './context.ts';
import type { Mend, Way } from './mend.ts';

const DIRECTIONS = ['inbound', 'outbound'] as const;

/** A request passes two proxies: the caller's counts it as outbound, the callee's as inbound, in the same family. */
export const noDirectionFilter: Mend = {
  cause: 'no-direction-filter',
  needs: ['the directions of the series that the query selects'],
  ways(tree, context): Way[] {
    const open = selectorsOf(tree).filter((selector) => !selector.matchers.some(({ label }) => label === 'direction'));
    const both = open.filter((selector) => {
      const found = context.valuesOf('direction', selector);
      return DIRECTIONS.every((direction) => found?.includes(direction));
    });
    if (both.length === 0) return [];
    const texts = new Set(both.map(print));
    const evidence = [...new Set(both.map(asInstant).map(print))].map(
      (text) => `${text} selects series with direction="inbound" and series with direction="outbound"`,
    );
    return DIRECTIONS.filter((value) => leadToDestination(value, both, context)).map((value) => ({
      tree: transform(tree, (expr) =>
        isOne(expr, texts) ? withMatcher(expr, { label: 'direction', op: '=', value }) : expr,
      ),
      evidence,
    }));
  },
};

/** Which label says where a request went: its own workload's, or that of the workload it was sent to. */
const DESTINATION = { inbound: 'deployment', outbound: 'dst_deployment' } as const;

/** What another flow has, of the same rate by chance, is no better a query for this one. */
function leadToDestination(
  direction: (typeof DIRECTIONS)[number],
  selectors: readonly Selector[],
  context: QueryContext,
): boolean {
  if (context.query.destination === '*') return true;
  const name = context.query.destination.split('/').at(-1)!;
  return selectors.every((selector) => {
    const directed = withMatcher(asInstant(selector), { label: 'direction', op: '=', value: direction });
    const known = context.valuesOf(DESTINATION[direction], directed)?.filter((value) => value !== '');
    return known === undefined || known.length === 0 || known.includes(name);
  });
}

function isOne(expr: Parameters<typeof print>[0], texts: ReadonlySet<string>): expr is Selector {
  return expr.kind === 'selector' && texts.has(print(expr));
}
