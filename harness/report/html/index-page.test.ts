import { describe, expect, it } from 'vitest';
import { sampleRecord } from '../../matrix/testing/samples.ts';
import { resultSchema } from '../../result/schema.ts';
import { sampleCapacity, sampleScrape } from '../../result/testing/bench-sample.ts';
import { passingScenario, sampleFlow, sampleResult } from '../../result/testing/sample.ts';
import { sampleUpgrade } from '../../result/testing/upgrade-sample.ts';
import type { Result } from '../../result/types.ts';
import { trendsOf } from './index-page/trends.ts';
import { indexedRun, renderIndexHtml } from './index-page.ts';
import { hostile } from './testing/hostile.ts';
import { foreign, holes, outOfOrder, poorFigures, visible } from './testing/page-text.ts';
import { sampleTimeline } from './testing/suite-sample.ts';

const at = (day: number) => ({ name: `run-${day}`, href: `run-${day}/report.html` });
const on = (day: number, change: Partial<Result> = {}): Result => ({
  ...sampleResult(),
  startedAt: `2026-01-0${day}T03:04:05.000Z`,
  ...change,
});
const valuesOf = (runs: Parameters<typeof trendsOf>[0], subject: string, name: string) =>
  trendsOf(runs)
    .find((trend) => trend.subject === subject)
    ?.lines.find((line) => line.name === name)
    ?.points.map(({ measure }) => measure.value);

describe('an entry', () => {
  it.each([
    [sampleResult(), 'run', 'fail', 'bad', '2.20'],
    [sampleUpgrade(), 'upgrade', 'no-go', 'bad', '2.17 -> 2.18'],
    [sampleCapacity(), 'capacity', '79.8/s', 'good', '2.20'],
    [sampleScrape(), 'scrape', 'well', 'good', ''],
    [sampleRecord(), 'faults', 'fail', 'bad', 'edge-26.8.3'],
  ] as const)('of each kind: %#', (record, kind, verdict, mood, meshVersion) => {
    expect(indexedRun(at(1), record)).toMatchObject({ ...at(1), kind, verdict, mood, meshVersion });
  });

  it('has of a run duration, worst deviations and series per proxy, by scenario and in all', () => {
    const scenario = { ...passingScenario(), flows: [sampleFlow({ truth: 100, prometheus: 98 })] };
    const exact = { ...passingScenario(), name: 'other', flows: [sampleFlow({})] };
    const result = on(1, { scenarios: [scenario, exact], durationMs: 60_000 });
    const timeline = sampleTimeline(scenario);
    const [first, second] = timeline.pods;
    const pods = [
      { ...first!, series: 400 },
      { ...second!, series: 500 },
    ];
    const run = indexedRun(at(1), result, new Map([[scenario.name, { ...timeline, pods }]]));
    const value = (subject: string, name: string) =>
      run.measures.find((measure) => measure.subject === subject && measure.name === name)?.value;
    expect(value(scenario.name, 'worst deviation of counts')).toBeCloseTo(-0.02);
    expect(value(scenario.name, 'series per proxy')).toBe(450);
    expect(value(scenario.name, 'duration')).toBe(scenario.durationMs);
    expect(value('other', 'worst deviation of counts')).toBe(0);
    expect(value('', 'worst deviation of counts')).toBeCloseTo(-0.02);
    expect(value('', 'duration')).toBe(60_000);
  });

  it('has no worst of all scenarios where one of them has no data', () => {
    const blind = { ...passingScenario(), name: 'blind', flows: [sampleFlow({ prometheus: null, verdict: 'fail' })] };
    const { measures } = indexedRun(at(1), on(1, { scenarios: [passingScenario(), blind] }));
    const worst = measures.filter(({ name }) => name === 'worst deviation of counts');
    expect(worst.map(({ subject, value }) => [subject, value])).toEqual([
      ['', null],
      [passingScenario().name, 0],
      ['blind', null],
    ]);
  });

  it('has the interval of a capacity, and none of one that was not found', () => {
    const found = indexedRun(at(1), sampleCapacity()).measures.find(({ name }) => name === 'capacity, meshed');
    expect(found).toMatchObject({ value: 79.8, interval: { low: 78.1, high: 81.6 }, subject: 'throttled, p99 250 ms' });
    const [side] = sampleCapacity().sides;
    const none = indexedRun(at(1), sampleCapacity({ sides: [{ ...side!, capacity: null }], price: null }));
    expect(none).toMatchObject({ verdict: 'none found', mood: 'unsure', measures: [{ value: null }] });
  });
});

describe('trends', () => {
  it('run from the oldest to the latest, over runs of one kind and scenario', async () => {
    const runs = [
      indexedRun(at(3), on(3, { durationMs: 3000 })),
      indexedRun(at(1), on(1, { durationMs: 1000 })),
      indexedRun(at(2), { ...sampleUpgrade(), startedAt: '2026-01-02T03:04:05.000Z' }),
    ];
    expect(valuesOf([runs[1]!, runs[0]!], '', 'duration')).toEqual([1000, 3000]);
    const page = await renderIndexHtml(runs);
    expect(
      outOfOrder(page, [
        '3 results',
        '3 not right',
        'run-3',
        'no-go',
        'run-2',
        'run-1',
        'Trends: run',
        '1 run-1',
        '2 run-3',
      ]),
    ).toBe('');
    expect(visible(page)).not.toContain('Trends: upgrade');
    expect(poorFigures(page)).toEqual([]);
    expect(holes(page)).toEqual([]);
  });

  it('are not made of one number, nor of runs of two kinds', () => {
    const one = [indexedRun(at(1), on(1))];
    expect(trendsOf(one)).toEqual([]);
    expect(trendsOf([...one, indexedRun(at(2), sampleRecord())])).toEqual([]);
  });

  it('say of a run without data that there was none', async () => {
    const blind = { ...passingScenario(), flows: [sampleFlow({ prometheus: null, verdict: 'fail' })] };
    const seen = { ...passingScenario(), flows: [sampleFlow({})] };
    const runs = [seen, blind, seen].map((scenario, i) => indexedRun(at(i + 1), on(i + 1, { scenarios: [scenario] })));
    expect(valuesOf(runs, seen.name, 'worst deviation of counts')).toEqual([0, null, 0]);
    expect(visible(await renderIndexHtml(runs))).toContain('no data');
  });
});

describe('the page', () => {
  it('of nothing, and of one run, says so', async () => {
    expect(visible(await renderIndexHtml([]))).toContain('0 results');
    const page = await renderIndexHtml([indexedRun(at(1), on(1))]);
    expect(visible(page)).toContain('Trends need two runs');
    expect(page).not.toContain('<svg');
  });

  it('escapes names, and no link leaves the files', async () => {
    const record = hostile(on(1), resultSchema);
    const places = ['javascript:alert(1)', '../a b/"><script>/report.html', 'https://a.example/x'];
    const runs = places.map((href, i) =>
      indexedRun({ name: '<script>x</script>', href }, { ...record, startedAt: `2026-01-0${i + 1}T00:00:00Z` }),
    );
    const page = await renderIndexHtml(runs);
    expect(foreign(page)).toEqual([]);
    const links = [...page.matchAll(/<a href="([^#"][^"]*)"/g)].map(([, link]) => link);
    expect(links.toSorted()).toEqual([
      '../a%20b/%22%3E%3Cscript%3E/report.html',
      'https%3A//a.example/x',
      'javascript%3Aalert(1)',
    ]);
  });
});
