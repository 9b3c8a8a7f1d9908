import type { Category } from './bounds.ts';
import { type CellGroup, type CellGroups, type Slot, slotOf } from './cell-groups.ts';
import type { Family } from './families.ts';
import { addInto } from './readings.ts';

/** All series of one family that mean the same, added up: a value for every scrape of a segment. Absent counts as 0. */
export interface Cell {
  /** With the cells that differ from it in their edge alone. */
  group: CellGroup;
  /** Its edge, in all ledgers. */
  slot: Slot;
  family: Family;
  peer: string;
  category: Category;
  /** As in the label; Infinity for +Inf, NaN when the family has none. */
  le: number;
  values: Float64Array;
  /** Its value at the last scrape; known once the table is `closed`. */
  last: number;
  /** Its series' route label; null when they have none, or it is a cell of zeros. */
  route: string | null;
}

const NO_VALUES = new Float64Array(0);

/** The cells of a segment, in the order in which they came. */
export class CellTable {
  readonly groups: CellGroups;
  #list: Cell[] = [];
  /** By the index of the group, and of the slot. */
  #byGroup: (Cell | undefined)[][] = [];
  readonly #length: number;
  /** Values of many cells in one piece of memory: an array for each costs more than what it holds. */
  #piece = new Float64Array(0);
  #used = 0;
  #byFamily: Map<string, Cell[]> | null = null;

  /**
   * @param length scrapes of the segment
   * @param groups of its incarnation
   */
  constructor(length: number, groups: CellGroups) {
    this.#length = length;
    this.groups = groups;
  }

  values(): readonly Cell[] {
    return this.#list;
  }

  /** Cells of these families; of a table to which nothing is added any more. */
  ofFamily(name: string): readonly Cell[] {
    if (!this.#byFamily) {
      this.#byFamily = new Map();
      for (const cell of this.#list) {
        const known = this.#byFamily.get(cell.family.name);
        if (known) known.push(cell);
        else this.#byFamily.set(cell.family.name, [cell]);
      }
    }
    return this.#byFamily.get(name) ?? [];
  }

  /** Of cells whose readings have all been compared: what is kept are the last values of those that are still asked for. */
  close(isAskedFor: (family: Family) => boolean): void {
    this.#list = this.#list.filter((cell) => isAskedFor(cell.family));
    for (const cell of this.#list) {
      cell.last = cell.values.at(-1) ?? 0;
      cell.values = NO_VALUES;
    }
    this.#byGroup = [];
    this.#byFamily = null;
    this.#piece = NO_VALUES;
    this.#used = 0;
  }

  /** The cell of an edge; NaN where the family has none. */
  find(family: string, peer: string, category: Category, le: number): Cell | undefined {
    const group = this.groups.find(family, peer, category);
    return group && this.of(group, le);
  }

  of(group: CellGroup, le: number): Cell | undefined {
    return this.#byGroup[group.index]?.[slotOf(group, le)];
  }

  /** @param values null: none, a cell of zeros */
  add(group: CellGroup, le: number, values: Float64Array | null, route: string | null): void {
    let cells = this.#byGroup[group.index];
    if (!cells) {
      cells = [];
      this.#byGroup[group.index] = cells;
    }
    const at = slotOf(group, le);
    let cell = cells[at];
    if (!cell) {
      const { family, peer, category } = group;
      const slot = group.slots[at]!;
      cell = { group, slot, family, peer, category, le, values: this.#zeros(), last: 0, route };
      cells[at] = cell;
      this.#list.push(cell);
    } else cell.route ??= route;
    if (values) addInto(cell.values, values);
  }

  #zeros(): Float64Array {
    if (this.#used + this.#length > this.#piece.length) {
      this.#piece = new Float64Array(Math.max(this.#length, 4096));
      this.#used = 0;
    }
    this.#used += this.#length;
    return this.#piece.subarray(this.#used - this.#length, this.#used);
  }
}
