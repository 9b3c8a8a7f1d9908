import { describe, expect, it } from 'vitest';
import { sampleScrape, sampleScrapePoint } from '../../../result/testing/bench-sample.ts';
import { compared, row } from '../testing.ts';

describe('costs of scraping', () => {
  const cpu = '100 x 1000 series every 5 s, 2.20, gzip: CPU per sample';
  const point = (cpuMicrosPerSample: number) => {
    const sample = sampleScrapePoint();
    return { ...sample, prometheus: { ...sample.prometheus, cpuMicrosPerSample } };
  };
  const sweep = (...cpus: number[]) => sampleScrape({ points: cpus.map(point), model: null });

  it('are compared by repeats of the same settings', () => {
    expect(row(compared(sweep(4, 4.1, 4.05), sweep(5, 5.1, 5.05)), cpu)).toMatchObject({
      says: 'differs',
      direction: 'worse',
    });
    expect(row(compared(sweep(4, 5, 4.5), sweep(4.2, 5.3, 4.8)), cpu).says).toBe('same');
  });

  it('are compared by how far points lie from the model where nothing was repeated', () => {
    const residuals = [0.02, -0.02, 0.03, -0.01, 0.01].map((relative, i) => ({
      ...{ point: i, measured: 1, predicted: 1 + relative, relative, heldOut: false },
    }));
    const model = structuredClone(sampleScrape().model!);
    model.quantities[0]!.residuals = residuals;
    const fitted = (value: number) => ({ ...sweep(value), model });
    expect(row(compared(fitted(4), fitted(8)), cpu)).toMatchObject({ says: 'differs', direction: 'worse' });
    expect(row(compared(fitted(4), fitted(4.1)), cpu)).toMatchObject({ says: 'same' });
    expect(row(compared(sweep(4), sweep(8)), cpu)).toMatchObject({ says: 'unknown', noise: null });
  });

  it('name what is missed and rejected', () => {
    const missing = sampleScrapePoint({ missed: { scrapes: 90, targets: 3, examples: [] }, rejected: { too_old: 12 } });
    const comparison = compared(sampleScrape({ points: [sampleScrapePoint()] }), sampleScrape({ points: [missing] }));
    const group = '100 x 1000 series every 5 s, 2.20, gzip';
    expect(row(comparison, `${group}: scrapes missed`)).toMatchObject({ says: 'differs', direction: 'worse' });
    expect(row(comparison, `${group}: samples rejected`)).toMatchObject({ says: 'differs', direction: 'worse' });
  });

  it('of settings that only one has are left out, and counted', () => {
    const other = sampleScrapePoint({ settings: { ...sampleScrapePoint().settings, intervalMs: 60_000 } });
    const { rows, caveats } = compared(sweep(4), sampleScrape({ points: [other], model: null }));
    expect(rows.filter(({ what }) => what.includes('CPU per sample'))).toEqual([]);
    expect(caveats).toContainEqual(expect.stringMatching(/A measured 1 settings and B 1; 0 of them are the same/));
  });
});
