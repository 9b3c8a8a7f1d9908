import type { CustomSeriesOption } from 'echarts';
import { pathOf, thinned, type Xy } from './thin.ts';

/** From data to units of the picture. */
export type Place = (x: number, y: number) => Xy;

export interface PathStyle {
  stroke?: string;
  lineWidth?: number;
  lineDash?: number[];
  lineCap?: 'round' | 'butt';
  fill?: string;
}

/** Something in a picture, given where its data lies. */
export type Shape = (place: Place) => Drawable[];

interface Drawable {
  type: 'path' | 'text';
  x?: number;
  y?: number;
  shape?: { pathData: string };
  style: object;
}

/**
 * Shapes in the coordinates of a pair of axes, as one series: the library's own write each dot as an element and a line once
 * more for its area, and each series costs a millisecond.
 * @param axes index of both axes
 */
export function series(axes: number, shapes: readonly Shape[]): CustomSeriesOption {
  return {
    type: 'custom',
    xAxisIndex: axes,
    yAxisIndex: axes,
    data: [[0, 0]],
    silent: true,
    clip: false,
    renderItem: (_, api) => {
      const place: Place = (x, y) => api.coord([x, y]) as [number, number];
      const children = shapes.flatMap((shape) => shape(place)).map((child) => ({ ...child, silent: true }));
      return { type: 'group', silent: true, children } as ReturnType<NonNullable<CustomSeriesOption['renderItem']>>;
    },
  };
}

/** One path; nothing where it has no points. */
export function path(style: PathStyle, d: (place: Place) => string): Shape {
  return (place) => {
    const pathData = d(place);
    return pathData ? [{ type: 'path', shape: { pathData }, style: { fill: 'none', ...style } }] : [];
  };
}

/** A line through points of data. */
export function line(style: PathStyle, points: readonly Xy[]): Shape {
  return path(style, (place) => pathOf(thinned(points.map(([x, y]) => place(x, y)))));
}

/** The area between two lines. */
export function area(fill: string, upper: readonly Xy[], lower: readonly Xy[]): Shape {
  return path({ fill }, (place) => {
    const [top, bottom] = [upper, lower].map((points) => thinned(points.map(([x, y]) => place(x, y))));
    return top!.length > 0 ? `${pathOf([...top!, ...bottom!.toReversed()])}Z` : '';
  });
}

/** Dots, as lines without length and with round ends: one path for all of them. */
export function dots(colour: string, size: number, points: readonly Xy[]): Shape {
  return path({ stroke: colour, lineWidth: size, lineCap: 'round' }, (place) =>
    points
      .map(([x, y]) => place(x, y).map((value) => Math.round(value * 10) / 10))
      .map(([x, y]) => `M${x} ${y}L${x! + 0.1} ${y}`)
      .join(''),
  );
}

/** A diamond around one point. */
export function diamond(fill: string, [x, y]: Xy): Shape {
  return path({ fill, stroke: 'var(--paper)', lineWidth: 1 }, (place) => {
    const [cx, cy] = place(x, y);
    const corners: Xy[] = [
      [cx, cy - 5],
      [cx + 5, cy],
      [cx, cy + 5],
      [cx - 5, cy],
    ];
    return `${pathOf(corners)}Z`;
  });
}

/** Upright ticks at moments, from `fromPx` to `toPx` below the line y = `level`. */
export function ticks(
  style: PathStyle,
  xs: readonly number[],
  at: { level: number; fromPx: number; toPx: number },
): Shape {
  return path(style, (place) => {
    const seen = new Set<number>();
    return xs
      .map((x) => place(x, at.level))
      .filter(([x]) => !seen.has(Math.round(x)) && seen.add(Math.round(x)))
      .map(([x, y]) =>
        pathOf([
          [x, y + at.fromPx],
          [x, y + at.toPx],
        ]),
      )
      .join('');
  });
}

export interface Label {
  x: number;
  y: number;
  text: string;
  colour: string;
  align: 'left' | 'center';
  /** Units of the picture, from the point to the middle of the text. */
  by: Xy;
}

/** Words in the picture. */
export function labels(all: readonly Label[]): Shape {
  return (place) =>
    all.map(({ x, y, text, colour, align, by }) => {
      const [px, py] = place(x, y);
      const style = { text, fill: colour, align, verticalAlign: 'middle', fontSize: 11, fontFamily: 'inherit' };
      return { type: 'text', style, x: px + by[0], y: py + by[1] };
    });
}
