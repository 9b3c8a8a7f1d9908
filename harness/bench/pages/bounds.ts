/** Samples per CPU second that the generator of pages must serve, of pages of about 1,000 series. */
export const BOUNDS = { identity: 2e6, gzip: 7e5 };
/** Smaller pages cost more a sample, larger ones less: what they serve says nothing of these bounds. */
const SERIES = { least: 900, most: 1100 };

export interface Served {
  /** Of a page. */
  series: number;
  /** Samples per CPU second, as they are and compressed. */
  identity: number;
  gzip: number;
}

/** What is below its bound, a sentence each; empty: nothing. */
export function below({ series, ...served }: Served): string[] {
  if (!(series >= SERIES.least && series <= SERIES.most)) {
    return [`pages of ${series} series are none that the bounds are of: leave out --series`];
  }
  const million = (samples: number) => `${(samples / 1e6).toFixed(2)} million`;
  return (['identity', 'gzip'] as const)
    .filter((how) => !(served[how] >= BOUNDS[how]))
    .map((how) => `${how}: ${million(served[how])} samples per CPU second, wanted ${million(BOUNDS[how])}`);
}
