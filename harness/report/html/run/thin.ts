/** Points of a picture, in its units: what the eye can't tell apart is left out. */
export type Xy = readonly [x: number, y: number];

/** No farther from the line than this, and a point is not missed. Units of the picture. */
const INVISIBLE = 0.4;

/** A line with fewer points that looks the same (Douglas and Peucker). */
export function thinned(points: readonly Xy[], within = INVISIBLE): Xy[] {
  if (points.length < 3) return [...points];
  const keep = new Uint8Array(points.length);
  keep[0] = keep[points.length - 1] = 1;
  const open: [number, number][] = [[0, points.length - 1]];
  for (let range = open.pop(); range; range = open.pop()) {
    const [from, to] = range;
    let [farthest, at] = [within, -1];
    for (let i = from + 1; i < to; i++) {
      const distance = distanceTo(points[i]!, points[from]!, points[to]!);
      if (distance > farthest) [farthest, at] = [distance, i];
    }
    if (at < 0) continue;
    keep[at] = 1;
    open.push([from, at], [at, to]);
  }
  return points.filter((_, i) => keep[i]);
}

function distanceTo([x, y]: Xy, [x1, y1]: Xy, [x2, y2]: Xy): number {
  const [dx, dy] = [x2 - x1, y2 - y1];
  const length = Math.hypot(dx, dy);
  if (length === 0) return Math.hypot(x - x1, y - y1);
  // Along the segment, not the endless line: a way back and forth must stay.
  const along = Math.max(0, Math.min(1, ((x - x1) * dx + (y - y1) * dy) / length ** 2));
  return Math.hypot(x - x1 - along * dx, y - y1 - along * dy);
}

/** A staircase: each value holds until the next point. */
export function stairs(points: readonly Xy[]): Xy[] {
  return points.flatMap((point, i) => (i === 0 ? [point] : [[point[0], points[i - 1]![1]] as const, point]));
}

/** As many places as `most`, evenly, the first and the last among them, and all that `must`. */
export function evenly(length: number, most: number, must: (i: number) => boolean = () => false): number[] {
  const all = Array.from({ length }, (_, i) => i);
  if (length <= most) return all;
  const chosen = new Set(Array.from({ length: most }, (_, k) => Math.round((k * (length - 1)) / (most - 1))));
  let room = most;
  return all.filter((i) => chosen.has(i) || (must(i) && room-- > 0));
}

/** The `d` of an SVG path. */
export function pathOf(points: readonly Xy[]): string {
  return points.map(([x, y], i) => `${i === 0 ? 'M' : 'L'}${tenth(x)} ${tenth(y)}`).join('');
}

function tenth(value: number): number {
  return Math.round(value * 10) / 10;
}
