/** Scores that differ by less are alike. */
const SAME = 1e-6;

/** A fit of `measured = sum of coefficients x row`. */
export interface Fit {
  /** Which columns it uses. */
  columns: number[];
  /** Above zero, in the order of `columns`. */
  coefficients: number[];
}

/** What of a column is its own, beside those taken before it, as a share of its length; less, and it is said by them. */
const OWN_SHARE = 0.05;
/** Nothing is measured better than to a percent: beyond that a better fit is no reason for a further term. */
const MEASURED_TO = 0.01;

/**
 * Non-negative least squares on relative errors, with as few columns as the measurements call for. Every subset of the columns
 * with one of the anchors in it is tried (there are few); those that are collinear, or that would need a coefficient below zero, are left
 * out, which also leaves the optimum of non-negative least squares among the rest. The best is that of the lowest Bayesian
 * information criterion.
 * @param rows a value for each column, for each measurement
 * @param measured above zero
 * @param known coefficients that are not looked for, by column
 * @param anchors how many of the leading columns are what it goes by in the first place
 * @returns null: none fits
 */
export function fitRelative(
  rows: readonly number[][],
  measured: readonly number[],
  known: ReadonlyMap<number, number> = new Map(),
  anchors = 1,
): Fit | null {
  const free = (rows[0]?.map((_, c) => c) ?? []).filter((c) => !known.has(c));
  const most = Math.max(2, Math.floor(rows.length / 2));
  // A relative error of each: the row and what it should give are both divided by it.
  const weighted = rows.map((row, i) => row.map((value) => value / measured[i]!));
  const rest = weighted.map((row) => [...known].reduce((sum, [c, coefficient]) => sum - coefficient * row[c]!, 1));
  let best: { fit: Fit; score: number } | null = null;
  for (let mask = 0; mask < 1 << free.length; mask += 1) {
    const columns = free.filter((_, i) => mask & (1 << i));
    if (!columns.some((c) => c < anchors) || columns.length > most || columns.length >= rows.length) continue;
    const coefficients = solve(
      weighted.map((row) => columns.map((c) => row[c]!)),
      rest,
    );
    if (!coefficients?.every((c) => c > 0)) continue;
    const fit = { columns: [...columns, ...known.keys()], coefficients: [...coefficients, ...known.values()] };
    const score = criterion(fit, weighted);
    // Columns that say the same come to the same: the first of them stays.
    if (!best || score < best.score - SAME) best = { fit, score };
  }
  return best?.fit ?? null;
}

/** What a fit says of a row. */
export function evaluate({ columns, coefficients }: Fit, row: readonly number[]): number {
  return columns.reduce((sum, c, i) => sum + coefficients[i]! * row[c]!, 0);
}

function criterion(fit: Fit, weighted: readonly number[][]): number {
  const n = weighted.length;
  const squares = weighted.reduce((sum, row) => sum + (evaluate(fit, row) - 1) ** 2, 0);
  return n * Math.log(squares / n + MEASURED_TO ** 2) + fit.columns.length * Math.log(n);
}

/** Least squares of `rows x = wanted`, by Gram-Schmidt; null: the columns are collinear. */
function solve(rows: readonly number[][], wanted: readonly number[]): number[] | null {
  const width = rows[0]!.length;
  const basis: number[][] = [];
  const r: number[][] = Array.from({ length: width }, () => Array<number>(width).fill(0));
  for (let c = 0; c < width; c += 1) {
    const column = rows.map((row) => row[c]!);
    const length = Math.hypot(...column);
    for (const [b, vector] of basis.entries()) {
      const along = dot(vector, column);
      r[b]![c] = along;
      for (let i = 0; i < column.length; i += 1) column[i]! -= along * vector[i]!;
    }
    const own = Math.hypot(...column);
    if (length === 0 || own < OWN_SHARE * length) return null;
    r[c]![c] = own;
    basis.push(column.map((value) => value / own));
  }
  const x = Array<number>(width).fill(0);
  for (let c = width - 1; c >= 0; c -= 1) {
    let rest = dot(basis[c]!, wanted);
    for (let k = c + 1; k < width; k += 1) rest -= r[c]![k]! * x[k]!;
    x[c] = rest / r[c]![c]!;
  }
  return x;
}

function dot(a: readonly number[], b: readonly number[]): number {
  return a.reduce((sum, value, i) => sum + value * b[i]!, 0);
}
