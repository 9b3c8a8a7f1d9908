import type { Family } from './families.ts';
import { addInto } from './readings.ts';
import type { UnmeshedRoute } from './unmeshed.ts';

/** `own`: answers on the default route that may be the proxy's own. */
export type UnmeshedWay = UnmeshedRoute | 'own';

/** Values of one family and edge, by the way of the requests. */
export type Ways = { [way in UnmeshedWay]: Float64Array | null };

/** Series of unmeshed requests to the app, added up over whatever tells them apart (but `le`). */
export interface Unmeshed {
  family: Family;
  route: UnmeshedWay;
  /** As in the label, in the unit of the family; Infinity for +Inf, NaN when the family has none. */
  le: number;
  values: Float64Array;
  /** Those of the same family and edge, these among them. */
  ways: Ways;
}

/** What a segment's unmeshed series show. */
export class UnmeshedSeries {
  /** In the order in which they came. */
  readonly list: Unmeshed[] = [];
  readonly #known = new Map<string, Map<number, Ways>>();

  /** @param values are copied */
  add(family: Family, route: UnmeshedWay, le: number, values: Float64Array): void {
    let edges = this.#known.get(family.name);
    if (!edges) {
      edges = new Map();
      this.#known.set(family.name, edges);
    }
    let ways = edges.get(le);
    if (!ways) {
      ways = { plain: null, probe: null, own: null };
      edges.set(le, ways);
    }
    const known = ways[route];
    if (known) addInto(known, values);
    else {
      const own = values.slice();
      ways[route] = own;
      this.list.push({ family, route, le, values: own, ways });
    }
  }

  /** @param le NaN: of a family without edges */
  find(family: string, route: UnmeshedWay, le: number): Float64Array | null {
    return this.#known.get(family)?.get(le)?.[route] ?? null;
  }
}
