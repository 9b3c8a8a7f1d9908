import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { resultSchema } from '../../../result/schema.ts';
import { arbitraryResult } from '../../../result/testing/arbitrary.ts';
import { failingScenario, passingScenario, sampleFlow, sampleResult } from '../../../result/testing/sample.ts';
import { timelineSchema } from '../../../result/timeline/schema.ts';
import type { Timeline } from '../../../result/timeline/types.ts';
import type { Result } from '../../../result/types.ts';
import { renderRunHtml } from '../run.ts';
import { hostile, hostileText } from '../testing/hostile.ts';
import { sampleSuite, sampleTimeline } from '../testing/suite-sample.ts';
import { elements, type PageElement, parsePage, textIn } from './testing.ts';

const timelinesOf = (result: Result) => new Map(result.scenarios.map((s) => [s.name, sampleTimeline(s)]));
const render = async (result: Result, timelines: ReadonlyMap<string, Timeline> = timelinesOf(result)) =>
  parsePage(await renderRunHtml(result, timelines));
const only = (scenario: Result['scenarios'][number]): Result => ({
  ...sampleResult(),
  verdict: scenario.verdict,
  scenarios: [scenario],
});
const classed = (root: PageElement, name: string, of: string) =>
  elements(root, name).filter(({ attributes }) => attributes.class?.split(' ').includes(of));
const everything = (root: PageElement): PageElement[] => [root, ...root.children.flatMap(everything)];
/** Without what is folded away. */
const visible = (root: PageElement): PageElement[] => {
  const folded = root.name === 'details' && !('open' in root.attributes);
  const shown = folded ? root.children.filter(({ name }) => name === 'summary') : root.children;
  return [root, ...shown.flatMap(visible)];
};
const parts = (root: PageElement) => classed(root, 'details', 'scenario');

describe('report.html of a run', () => {
  it('says the verdict first, and of what is wrong what, why, and what to do', async () => {
    const page = await render(sampleResult());
    expect(textIn(elements(page, 'h1')[0]!)).toBe('Fail: 1 of 3 scenarios failed, 1 inconclusive, 1 passed, in 48.2 s');
    const head = textIn(elements(page, 'header')[0]!);
    expect(head).toContain('2026-01-02 03:04:05 UTC');
    const said = [
      'error-burst',
      'What',
      'NOT_EQUAL_AT_END',
      'Why',
      'admin-port-dropped',
      'Do',
      'NetworkPolicy',
      'spike',
    ];
    expect(said.map((word) => head.indexOf(word))).toEqual(
      said.map((word) => head.indexOf(word)).toSorted((a, b) => a - b),
    );
    expect(said.filter((word) => !head.includes(word))).toEqual([]);
  });

  it('folds scenarios that passed when there are several, and links to what is inside', async () => {
    const page = await render(sampleResult());
    expect(parts(page).map(({ attributes }) => 'open' in attributes)).toEqual([false, true, true]);
    const links = elements(page, 'td').flatMap((cell) => elements(cell, 'a').map(({ attributes }) => attributes.href));
    const inside = parts(page).map((part) => elements(part, 'div')[0]!.attributes.id);
    expect(links).toEqual(inside.map((id) => `#${id}`));
    expect(parts(await render(only(passingScenario())))).toEqual([]);
  });

  it('draws each flow and each edge, with its table and with the numbers in words', async () => {
    const page = await render(only(failingScenario()));
    const figures = elements(page, 'figure');
    expect(figures.map((one) => [elements(one, 'svg').length, elements(one, 'table').length > 0])).toEqual(
      figures.map(() => [1, true]),
    );
    const labels = elements(page, 'svg').map(({ attributes }) => attributes['aria-label']);
    expect(labels[0]).toBe('3 workloads, 2 edges: shop/web to shop/pay: 3 too few');
    expect(labels).toContainEqual(
      expect.stringMatching(
        /^shop\/web to shop\/pay, inbound: at the end 300 responses by the truth, 300 by the proxies, 270 by Prometheus; 5 of 10 samples are not what the truth permits; 1 scrape failed$/,
      ),
    );
    expect(labels.filter((label) => /p99 48.2 ms by the truth, 49.1 ms by Prometheus/.test(label!))).toHaveLength(1);
  });

  it('makes an edge that differs red, and says how', async () => {
    const page = await render(only(failingScenario()));
    const [graph] = classed(page, 'svg', 'graph');
    expect(classed(graph!, 'g', 'way').map(({ attributes }) => attributes.class)).toEqual(['way pass', 'way fail']);
    expect(classed(graph!, 'text', 'word').map(textIn)).toEqual(['3 too few']);
  });

  it('puts what was done into list and charts', async () => {
    const page = await render(only(passingScenario()));
    expect(textIn(classed(page, 'ol', 'bands')[0]!)).toContain('shop/cart: errors 30% 503');
    const words = classed(page, 'svg', 'chart').flatMap((chart) => elements(chart, 'text').map(textIn));
    expect(words).toContain('shop/cart: errors 30% 503');
  });

  it('says in the picture and in its label that Prometheus has no data', async () => {
    const scenario = passingScenario();
    const timeline = sampleTimeline(scenario);
    const [flow] = timeline.flows;
    const prometheus = { atMs: [], count: [], failures: [], low: [], high: [] };
    const bare = { ...timeline, flows: [{ ...flow!, prometheus, proxy: null }], latencies: [], pods: [] };
    const page = await render(only(scenario), new Map([[scenario.name, bare]]));
    const [chart] = classed(page, 'svg', 'chart');
    expect(textIn(chart!)).toContain('Prometheus has no data');
    expect(chart!.attributes['aria-label']).toContain(
      'no data by the proxies, no data by Prometheus; there is no sample to compare',
    );
  });

  it('draws every reading of the proxies’ own pages, and explains those of pods that left', async () => {
    const scenario = passingScenario();
    const timeline = sampleTimeline(scenario);
    const proxy = {
      ...timeline.flows[0]!.proxy!,
      earlier: { atMs: [5000, 7000], count: [100, 150], failures: [0, 0] },
    };
    const dotsOf = async (flow: Timeline['flows'][number]) => {
      const page = await render(only(scenario), new Map([[scenario.name, { ...timeline, flows: [flow] }]]));
      const paths = elements(classed(page, 'svg', 'chart')[0]!, 'path').map(({ attributes }) => attributes);
      const own = paths.filter(({ stroke }) => stroke === 'var(--proxy)').map(({ d }) => d!.match(/M/g)!.length);
      return { own, told: textIn(page).includes('last pages of pods that left, added up') };
    };
    expect(await dotsOf({ ...timeline.flows[0]!, proxy })).toEqual({ own: [2], told: true });
    expect(await dotsOf(timeline.flows[0]!)).toEqual({ own: [], told: false });
  });

  it('says that there is no timeline, and draws the graph alone', async () => {
    const page = await render(only(passingScenario()), new Map());
    expect(textIn(page)).toContain('No timeline was kept of this scenario');
    expect(elements(page, 'svg').map(({ attributes }) => attributes.class)).toEqual(['graph']);
  });

  it('shows what queries say beside the truth, furthest off first, and each why once', async () => {
    const [query] = passingScenario().queries;
    const more = [
      { ...query!, subject: 'deploy/cart', value: 240 },
      { ...query!, tool: 'Grafana', metric: 'p50' as const, value: 100, truth: 1, why: 'a wide bucket' },
    ];
    const page = await render(only({ ...passingScenario(), queries: [query!, ...more] }));
    const [table] = classed(page, 'table', 'queries');
    const rows = elements(table!, 'tbody').map((group) =>
      elements(group, 'tr')
        .slice(1)
        .map((row) => elements(row, 'td').map(textIn)),
    );
    expect(rows).toEqual([
      [['deploy/web', 'p50', '100 ms', '1 ms', '100 times']],
      [
        ['deploy/cart', 'rate', '240/s', '120/s', '+100%'],
        ['deploy/web', 'rate', '118.2/s', '120/s', '-1.5%'],
      ],
    ]);
    expect(textIn(table!).split('extrapolates')).toHaveLength(2);
  });

  it('gets through a run that ended before anything was compared', async () => {
    const error = { code: 'TOOL_NOT_FOUND', message: 'k6 was not found\nlooked on PATH', hint: 'install k6' };
    const page = await render({ ...sampleResult(), verdict: 'inconclusive', scenarios: [], error });
    expect(textIn(elements(page, 'header')[0]!)).toMatch(
      /no scenario was run.*TOOL_NOT_FOUND.*k6 was not found.*looked on PATH.*install k6/s,
    );
  });

  it('has nothing in it but its own markup, whatever names, labels and errors say', async () => {
    const { scenarios } = sampleResult();
    const error = { code: 'A', message: 'B\nC', hint: 'D' };
    const result = hostile(
      { ...sampleResult(), error, scenarios: scenarios.map((s) => ({ ...s, error })) },
      resultSchema,
    );
    const timelines = new Map(
      result.scenarios.map((s) => [s.name, hostile(sampleTimeline(s), timelineSchema)] as const),
    );
    const configuration = { scenario: hostileText('name: x'), prometheus: hostileText('global:') };
    const configurations = new Map(result.scenarios.map(({ name }) => [name, configuration] as const));
    const text = await renderRunHtml(result, timelines, configurations);
    const page = parsePage(text);
    expect(elements(page, 'pre').map(textIn).join('')).toContain('name: x</style></title></svg><script>');
    expect(elements(page, 'pre').map(textIn).join('')).toContain('global:</style></title></svg><script>');
    expect(textIn(elements(page, 'h3')[1]!)).toBe(hostileText('error-burst').replace('\u202e', '\ufffd'));
    expect(text).not.toMatch(/<(?:script|img|style>@)/);
    expect(classed(page, 'svg', 'chart').length).toBeGreaterThan(4);
  });

  it('reads any result that there may be', async () => {
    await fc.assert(
      fc.asyncProperty(arbitraryResult, async (result) => {
        const page = await render(result, new Map());
        expect(elements(page, 'h1')).toHaveLength(1);
        expect(textIn(elements(page, 'header')[0]!)).not.toMatch(/\bundefined\b|\bNaN\b/);
      }),
      { numRuns: 40 },
    );
  });

  it('marks the values that were judged wrong, and no others', async () => {
    const marked = async (scenario: Result['scenarios'][number]) => {
      const page = await render(only(scenario));
      const values = (look: string) => classed(page, 'tspan', look).map(textIn);
      const cells = [...classed(page, 'span', 'wrong'), ...classed(page, 'span', 'missing')].map(textIn);
      return { wrong: values('wrong'), missing: values('missing'), cells };
    };
    // 297 of 300: the rate differs, and the success rate, 0 by both, does not.
    const failing = await marked(failingScenario());
    expect(failing).toMatchObject({ wrong: ['29.7/s'], missing: [] });
    expect(failing.cells).toEqual(expect.arrayContaining(['297', '29.7/s']));
    const [quantile] = passingScenario().quantiles;
    const slow = { ...passingScenario(), quantiles: [{ ...quantile!, verdict: 'fail' as const }] };
    expect(await marked(slow)).toMatchObject({ wrong: ['49.1 ms'], missing: [] });
    const none = [sampleFlow({ prometheus: null, verdict: 'inconclusive' })];
    expect((await marked({ ...passingScenario(), flows: none })).missing).toContain('no data');
    // What differs within what could be observed is right.
    const within = [sampleFlow({ prometheus: 1197, unobservable: 3 })];
    expect(await marked({ ...passingScenario(), flows: within })).toMatchObject({ wrong: [], missing: [] });
  });

  it('has the configuration of each scenario, folded and escaped, and says where it is cut', async () => {
    const long = `first: <b>\n${'line: ü\n'.repeat(2000)}`;
    const configurations = new Map([['error-burst', { scenario: long, prometheus: 'job: "x"\n' }]]);
    const text = await renderRunHtml(only(failingScenario()), new Map(), configurations);
    const page = parsePage(text);
    const codes = elements(page, 'pre').map(textIn);
    expect(codes[1]).toBe('job: "x"');
    expect(codes[0]).toMatch(/^first: <b>\n(?:line: ü\n)+line: ü$/);
    expect(Buffer.byteLength(codes[0]!)).toBeGreaterThan(7900);
    expect(Buffer.byteLength(codes[0]!)).toBeLessThanOrEqual(8000);
    expect(textIn(page).match(/Cut here: the rest stands in error-burst\/config\/scenario.yaml/g)).toHaveLength(1);
    expect(textIn(page)).not.toMatch(/prometheus.yml, in the folder/);
    const around = elements(page, 'details').filter((one) => elements(one, 'pre').length > 0);
    expect(around.map(({ attributes }) => 'open' in attributes)).toEqual([false, false]);
  });

  it('says of a cause what the catalogue says, and of one that it does not have that', async () => {
    const scenario = failingScenario();
    const [known] = scenario.diagnoses!;
    const unknown = { ...known!, causes: ['of-a-later-version'] };
    const text = textIn(await render(only({ ...scenario, diagnoses: [known!, unknown] })));
    expect(text).toMatch(
      /Cause admin-port-dropped: what it is.*Symptom.*context deadline exceeded.*Reason.*NetworkPolicy/s,
    );
    expect(text).toContain('Cause of-a-later-version, which this version does not know.');
    expect(text).not.toContain('docs/causes/');
  });

  it('is walked through with few stops, and names no two regions alike', { timeout: 60_000 }, async () => {
    const { result, timelines, configurations } = sampleSuite(15);
    const page = parsePage(await renderRunHtml(result, timelines, configurations));
    const regions = everything(page).filter(({ attributes }) => attributes.role === 'region');
    const names = regions.map(({ attributes }) => attributes['aria-label']!);
    expect(names.length).toBeGreaterThan(0);
    expect(new Set(names).size).toBe(names.length);
    expect(regions.map(({ attributes }) => attributes.tabindex)).toEqual(regions.map(() => '0'));
    const stops = visible(page).filter(
      ({ name, attributes }) => name === 'summary' || 'href' in attributes || 'tabindex' in attributes,
    );
    // Five of the scenarios stand open, each with a summary for every chart.
    expect(stops.length).toBeLessThan(160);
    expect(visible(page).filter(({ attributes }) => attributes.role === 'region').length).toBeLessThanOrEqual(5);
  });

  it('counts what nobody can name as any client', async () => {
    const flows = [sampleFlow({ source: '-', protocol: 'tcp', status: 'connections' })];
    const page = await render(only({ ...passingScenario(), flows, quantiles: [] }), new Map());
    expect(textIn(classed(page, 'svg', 'graph')[0]!)).toMatch(/any client.*rate.*120\/s.*opened.*1,200/s);
  });
});
