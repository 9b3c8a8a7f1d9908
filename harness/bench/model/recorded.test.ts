import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { ScrapePoint } from '../../result/bench/types.ts';
import { fitModel } from './index.ts';

/** A sweep of a real Prometheus: `command` in it made it, on the machine that it names. */
const sweep = JSON.parse(readFileSync(new URL('./testdata/sweep.json', import.meta.url), 'utf8')) as {
  points: ScrapePoint[];
};

describe('a recorded sweep', () => {
  const size = ({ settings }: ScrapePoint) => settings.targets * settings.series;
  const fitted = sweep.points.filter(({ settings }) => !settings.heldOut);
  const heldOut = sweep.points.filter(({ settings }) => settings.heldOut);

  it('holds out the largest point of all', () => {
    expect(heldOut).toHaveLength(2);
    expect(Math.max(...heldOut.map(size))).toBeGreaterThan(Math.max(...fitted.map(size)));
  });

  it.each(['cpu', 'memory'] as const)('predicts the held-out points within 15 %: %s', (name) => {
    const quantity = fitModel(sweep.points)!.quantities.find((one) => one.name === name)!;
    const errors = quantity.residuals.filter((residual) => residual.heldOut).map(({ relative }) => Math.abs(relative));
    expect(errors).toHaveLength(heldOut.length);
    for (const error of errors) expect(error).toBeLessThan(0.15);
    expect(quantity.worstHeldOut).toBe(Math.max(...errors));
  });

  it('does so from the other points alone: what the held-out ones measured changes no coefficient', () => {
    const altered = structuredClone(sweep.points);
    for (const { settings, prometheus } of altered) {
      if (!settings.heldOut) continue;
      prometheus.cpuSeconds *= 3;
      prometheus.residentBytes *= 3;
    }
    const terms = (points: readonly ScrapePoint[]) => fitModel(points)!.quantities.map((one) => one.terms);
    expect(terms(altered)).toEqual(terms(sweep.points));
  });
});
