import type { Bound, Category, Interval } from './bounds.ts';
import type { Family } from './families.ts';
import type { Pair } from './reconcile.ts';
import type { Scope } from './scope.ts';

/**
 * Cells of one family, peer and category: of a histogram one for each edge. Both ledgers of a pod have the same groups, so that
 * what does not depend on a ledger is worked out once.
 */
export interface CellGroup {
  /** Its number among those of its incarnation. */
  readonly index: number;
  readonly family: Family;
  readonly peer: string;
  readonly category: Category;
  /** The edges that were met. */
  readonly slots: Slot[];
  /** Where the last edge was found: series of a histogram stand in the order of their edges. */
  at: number;
  /** Found out when first asked for. */
  pair: Pair | null;
  scope: Scope | null | undefined;
  /** Short for flow, family and status. */
  name: string | undefined;
}

/** An edge of a group. */
export interface Slot {
  readonly group: CellGroup;
  /** As in the label; Infinity for +Inf, NaN when the family has none. */
  readonly le: number;
  bound: HeldBound | null;
}

/** What cells must show, and what that is at the readings of whoever asked last. */
export interface HeldBound {
  bound: Bound;
  by: object | null;
  intervals: readonly Interval[];
}

/** The groups of one incarnation. */
export class CellGroups {
  readonly #known = new Map<string, CellGroup>();
  /** Those that the truth knows of, in order; null until they are asked for. */
  expected: readonly CellGroup[] | null = null;

  find(family: string, peer: string, category: Category): CellGroup | undefined {
    return this.#known.get(groupKey(family, peer, category));
  }

  get(family: Family, peer: string, category: Category): CellGroup {
    const key = groupKey(family.name, peer, category);
    let group = this.#known.get(key);
    if (!group) {
      group = {
        ...{ index: this.#known.size, family, peer, category, slots: [], at: 0 },
        ...{ pair: null, scope: undefined, name: undefined },
      };
      this.#known.set(key, group);
    }
    return group;
  }

  /** Forgets what was worked out: cells that are still asked for keep their group, and would keep all of it. */
  release(): void {
    for (const group of this.#known.values()) {
      group.scope = undefined;
      for (const slot of group.slots) slot.bound = null;
    }
  }
}

/** Index of an edge in its group, which gets it when it is new. */
export function slotOf(group: CellGroup, le: number): number {
  const { slots } = group;
  const next = group.at + 1 < slots.length ? group.at + 1 : 0;
  let i =
    next < slots.length && Object.is(slots[next]!.le, le) ? next : slots.findIndex((slot) => Object.is(slot.le, le));
  if (i < 0) i = slots.push({ group, le, bound: null }) - 1;
  group.at = i;
  return i;
}

function groupKey(family: string, peer: string, category: Category): string {
  return `${family}|${peer}|${category.kind}${'status' in category ? category.status : ''}`;
}
