import type { TimelineBand } from '../../../result/timeline/types.ts';
import { displayWidth, oneLine, truncate } from '../../text.ts';
import { COLOURS } from '../charts.ts';
import { type Label, labels, path, type Shape } from './drawing.ts';
import { pathOf } from './thin.ts';

/** Height of a row of labels, above a plot. Units of the picture. */
const ROW = 13;
const MAX_ROWS = 3;
/** Of a letter of a label, about. */
const LETTER = 5.8;
/** A label cut to less says nothing: its number does. */
const MIN_COLUMNS = 12;
/** A moment is as wide. */
const MIN_WIDTH = 2;

interface PlacedBand {
  fromMs: number;
  toMs: number;
  row: number;
  text: string;
}

/** What was done to the mesh, behind everything else of a plot, with its labels above it. */
export interface Bands {
  /** Room that the labels need above the plot. */
  room: number;
  /** @param top the value at the upper edge of the plot @param below how far the shades reach below its lower edge */
  shapes(top: number, below: number): Shape[];
}

/** @param width of the plot, in units of the picture */
export function bandsOf(bands: readonly TimelineBand[], fromMs: number, toMs: number, width: number): Bands {
  const placed = placeBands(bands, fromMs, toMs, width);
  const rows = Math.max(0, ...placed.map(({ row }) => row + 1));
  return {
    room: rows * ROW,
    shapes(top, below) {
      if (placed.length === 0) return [];
      const names = placed.map(({ fromMs: x, row, text }): Label => {
        return { x, y: top, text, colour: COLOURS.faint, align: 'left', by: [1, -ROW * (row + 0.5)] };
      });
      return [...placed.map((band) => shade(band, top, below)), labels(names)];
    },
  };
}

/** Labels that do not cover one another: below each other where they would, and a number where there is no room. */
function placeBands(bands: readonly TimelineBand[], fromMs: number, toMs: number, width: number): PlacedBand[] {
  const perMs = width / Math.max(1, toMs - fromMs);
  const ends: number[] = [];
  return bands.map((band, i) => {
    const from = within(band.fromMs, fromMs, toMs);
    const to = within(band.toMs ?? (band.kind === 'restart' ? from : toMs), from, toMs);
    const columns = Math.floor(((toMs - from) * perMs) / LETTER);
    const label = oneLine(band.label);
    const fits = displayWidth(label) <= columns || columns >= MIN_COLUMNS;
    const text = fits ? truncate(label, columns) : String(i + 1);
    const free = ends.findIndex((end) => end <= from);
    const row = free >= 0 ? free : Math.min(ends.length, MAX_ROWS - 1);
    ends[row] = from + ((displayWidth(text) + 2) * LETTER) / perMs;
    return { fromMs: from, toMs: to, row, text };
  });
}

function shade({ fromMs, toMs }: PlacedBand, top: number, below: number): Shape {
  return path({ fill: COLOURS.band }, (place) => {
    const [[left, upper], [end, lower]] = [place(fromMs, top), place(toMs, 0)];
    const right = Math.max(end, left + MIN_WIDTH);
    return `${pathOf([
      [left, upper],
      [right, upper],
      [right, lower + below],
      [left, lower + below],
    ])}Z`;
  });
}

function within(value: number, low: number, high: number): number {
  return Math.max(low, Math.min(value, high));
}
