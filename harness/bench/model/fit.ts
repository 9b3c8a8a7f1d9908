import type { ModelQuantity, ScrapeModel, ScrapePoint } from '../../result/bench/types.ts';
import { type Fact, factsOf } from './facts.ts';
import { evaluate, type Fit, fitRelative } from './least-squares.ts';
import { QUANTITIES, type Quantity } from './terms.ts';

/** With fewer there is nothing left to tell the error by. */
const FEWEST = 3;
/** Of which the range is told. */
const RANGED: readonly Fact[] = [
  'series',
  'targets',
  'series per target',
  'bytes per series',
  'samples per second',
  'compressed samples per second',
  'new series per second',
  'interval',
];

/**
 * What the points of a sweep say of Prometheus' CPU (cores), memory (mean resident bytes), disk (bytes of blocks per sample) and
 * the duration of a scrape (ms, median). Points that are held out are predicted, not fitted. Those that missed scrapes say
 * nothing of CPU and of the duration of scrapes; a quantity that fewer than three points tell is not among the model's.
 * @returns null: CPU or memory can't be fitted
 */
export function fitModel(points: readonly ScrapePoint[]): ScrapeModel | null {
  const quantities = QUANTITIES.flatMap((quantity) => fitQuantity(quantity, points) ?? []);
  const has = (name: ModelQuantity['name']) => quantities.some((quantity) => quantity.name === name);
  return has('cpu') && has('memory') ? { quantities } : null;
}

interface Measured {
  index: number;
  point: ScrapePoint;
  row: number[];
  value: number;
}

function fitQuantity(quantity: Quantity, points: readonly ScrapePoint[]): ModelQuantity | null {
  const all = points.flatMap((point, index): Measured[] => {
    const value = quantity.measured(point);
    if (value === null || !(value > 0)) return [];
    const facts = factsOf(point);
    return [{ index, point, row: quantity.terms.map((term) => term.of(facts)), value }];
  });
  const fitted = all.filter(({ point }) => !point.settings.heldOut);
  if (fitted.length < FEWEST) return null;
  const fit = fitRelative(
    fitted.map(({ row }) => row),
    fitted.map(({ value }) => value),
    knownOf(quantity, fitted),
    quantity.anchors,
  );
  return fit && described(quantity, fit, all, fitted);
}

/** Coefficients by column. */
function knownOf({ terms, known }: Quantity, fitted: readonly Measured[]): Map<number, number> {
  const coefficients = known?.(fitted.map(({ point }) => point)) ?? {};
  return new Map(terms.flatMap(({ name }, c) => (name in coefficients ? [[c, coefficients[name]!] as const] : [])));
}

function described(quantity: Quantity, fit: Fit, all: Measured[], fitted: Measured[]): ModelQuantity {
  const residuals = all.map(({ index, point, row, value }) => {
    const predicted = evaluate(fit, row);
    return {
      point: index,
      measured: value,
      predicted,
      relative: (predicted - value) / value,
      heldOut: point.settings.heldOut,
    };
  });
  const of = (heldOut: boolean) => residuals.filter((r) => r.heldOut === heldOut).map(({ relative }) => relative);
  const worst = Math.max(...of(true).map(Math.abs));
  return {
    name: quantity.name,
    unit: quantity.unit,
    terms: fit.columns.map((c, i) => {
      const { name, unit } = quantity.terms[c]!;
      return { name, coefficient: fit.coefficients[i]!, unit };
    }),
    residuals,
    rms: Math.sqrt(of(false).reduce((sum, r) => sum + r * r, 0) / fitted.length),
    worstHeldOut: of(true).length === 0 ? null : worst,
    range: rangeOf(fitted.map(({ point }) => point)),
  };
}

function rangeOf(points: readonly ScrapePoint[]): Record<string, [number, number]> {
  const facts = points.map(factsOf);
  const range: Record<string, [number, number]> = {};
  for (const name of RANGED) range[name] = extent(facts.map((one) => one[name]));
  range.seconds = extent(points.map(({ seconds }) => seconds));
  return range;
}

function extent(values: readonly number[]): [number, number] {
  return [Math.min(...values), Math.max(...values)];
}
