import { describe, expect, it } from 'vitest';
import { thisMachine } from '../machine.ts';
import { planSweep } from './plan.ts';
import { describeSettings, differencesOf, pointWith } from './resume.ts';
import { planOptions, pointOfSettings, settingsOf } from './testing/points.ts';

const plan = planSweep(planOptions());
const machine = thisMachine();
const earlier = { plan, machine, prometheus: { version: '3.15.0', args: [] } };
const now = { plan, machine, prometheusVersion: '3.15.0' };

describe('a sweep that is resumed', () => {
  it('is the same one', () => {
    expect(differencesOf(earlier, structuredClone(now))).toEqual([]);
    // Another Node changes nothing of what Prometheus does.
    expect(differencesOf(earlier, { ...now, machine: { ...machine, node: 'v99.0.0' } })).toEqual([]);
  });

  it.each<[string, Partial<typeof now>, RegExp]>([
    ['seed', { plan: { ...plan, seed: 2 } }, /^its seed was 1 and is 2 now$/],
    ['seconds', { plan: { ...plan, secondsPerPoint: 30 } }, /^its seconds per point was 20 and is 30 now$/],
    [
      'points',
      { plan: planSweep(planOptions({ targets: [10, 20] })) },
      /^it has points that are not asked for now: 40 x 500 series each 5 s, edge-26\.8\.3, .*, and 1 more$/,
    ],
    [
      'churn',
      { plan: planSweep(planOptions({ churn: 0.1 })) },
      /it has no points 10 x 500 .* churn 0.1, .* and 9 more$/,
    ],
    ['choice', { plan: planSweep(planOptions({ heldOut: 'none' })) }, /^it holds out other points$/],
    ['processor', { machine: { ...machine, cpu: 'other' } }, /^its CPU was .+ and is other now$/],
    ['cores', { machine: { ...machine, cores: 999 } }, /^its cores was \d+ and is 999 now$/],
    ['memory', { machine: { ...machine, memoryBytes: 1 } }, /^its memory was \d+ and is 1 now$/],
    ['Prometheus', { prometheusVersion: '3.16.0' }, /^its version of Prometheus was 3\.15\.0 and is 3\.16\.0 now$/],
  ])('is not one of another %s', (_, change, message) => {
    expect(differencesOf(earlier, { ...now, ...change }).join('; ')).toMatch(message);
  });

  it('knows its points by their settings', () => {
    const point = pointOfSettings(settingsOf());
    expect(pointWith([point], settingsOf())).toBe(point);
    expect(pointWith([point], settingsOf({ gzip: true }))).toBeUndefined();
    expect(describeSettings(settingsOf({ gzip: true, heldOut: true }))).toBe(
      '100 x 1000 series each 10 s, edge-26.8.3, gzip, held out',
    );
  });
});
