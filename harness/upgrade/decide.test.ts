import { describe, expect, it } from 'vitest';
import { samplePhase, sampleQuery, sampleScenarioUpgrade } from '../result/testing/upgrade-sample.ts';
import type {
  LatencyChange,
  PhaseResult,
  QueryVerdict,
  ScenarioUpgrade,
  UpgradePhase,
} from '../result/upgrade/types.ts';
import { decide, type Findings } from './decide.ts';

const run = (phase: UpgradePhase, over: Partial<PhaseResult> = {}): PhaseResult => ({
  ...samplePhase(phase, 1),
  ...{ verdict: 'pass', reasons: [], notes: [], diagnoses: [], ...over },
});
const failing = (phase: UpgradePhase, code = 'NOT_EQUAL_AT_END') =>
  run(phase, { verdict: 'fail', reasons: [{ code, verdict: 'fail', message: `${code} it says\nlog` }] });

const NOTHING_LOST = { made: 500, lost: [], otherwise: 0, otherwiseMade: 1000 };

const scenario = (over: Partial<ScenarioUpgrade> = {}): ScenarioUpgrade => ({
  ...sampleScenarioUpgrade(),
  ...{ name: 'baseline', latency: [], lost: NOTHING_LOST, interleaved: true },
  ...{ runs: [run('before'), run('after'), run('during')], ...over },
});

const NO_SCHEMA = { changes: [], seriesPerProxy: { before: 1, after: 1 }, bytesPerScrape: { before: 1, after: 1 } };

const findings = (over: Partial<Findings> = {}): Findings => ({
  ...{ scenarios: [scenario()], schema: NO_SCHEMA, lostTargets: [], queries: [], problems: [] },
  ...{ beyondDoubt: new Set<LatencyChange>(), maxLatencyIncrease: null, others: [], ...over },
});

const withRuns = (...runs: PhaseResult[]) => findings({ scenarios: [scenario({ runs })] });

const query = (over: Partial<QueryVerdict> = {}): QueryVerdict => ({
  ...sampleQuery(),
  ...{ place: 'rules.yaml:3 alert A', outcome: 'same', broken: false, notExercised: false, seen: '', reason: '' },
  ...{ rewrite: null, ...over },
});

describe('go', () => {
  it('is what nothing speaks against', () => {
    expect(decide(findings())).toEqual({ decision: 'go', reasons: [] });
  });

  it('is no answer where nothing was run', () => {
    expect(decide(findings({ scenarios: [] }))).toMatchObject({ decision: 'undecided' });
  });
});

describe('verdicts', () => {
  it.each(['during', 'after'] as const)('block when %s fails, with the cause and what to do', (phase) => {
    const cause = { ...{ causes: ['x'], title: 'T', pods: [], subject: '', evidence: [] }, kind: 'fault' as const };
    const fault = { ...cause, summary: 'Its port was renamed.', remedy: ['rename it back', 'more'] };
    const broken = { ...failing(phase), diagnoses: [{ ...fault, kind: 'reading' as const, summary: 'no' }, fault] };
    const others = (['before', 'during', 'after'] as const).filter((one) => one !== phase).map((one) => run(one));
    const { decision, reasons } = decide(withRuns(...others, broken, run(phase)));
    expect(decision).toBe('no-go');
    const when = phase === 'during' ? 'during the roll-out' : 'after the upgrade';
    expect(reasons).toEqual([
      {
        ...{ weight: 'blocks', about: 'verdict', remedy: 'rename it back' },
        text: `baseline, ${when} (1 of 2 runs): Its port was renamed`,
      },
    ]);
  });

  it('leave it open when before fails already, and do not blame the upgrade for it', () => {
    const { decision, reasons } = decide(withRuns(failing('before'), failing('after'), run('during')));
    expect(decision).toBe('undecided');
    expect(reasons).toHaveLength(1);
    expect(reasons[0]!.text).toContain('it fails already, so there is no ground to compare on: NOT_EQUAL_AT_END');
  });

  it('block for what before does not fail by, also when it fails', () => {
    const { decision, reasons } = decide(withRuns(failing('before', 'SLO_MISSED'), failing('after'), run('during')));
    expect(decision).toBe('no-go');
    expect(reasons.map(({ weight }) => weight)).toEqual(['blocks', 'open']);
    expect(reasons[0]!.text).toContain('after the upgrade: NOT_EQUAL_AT_END');
  });

  it('leave it open when one is inconclusive, or broke off', () => {
    const dropped = { code: 'DROPPED_ITERATIONS', verdict: 'inconclusive' as const, message: 'k6 dropped 3' };
    const unclear = run('during', { verdict: 'inconclusive', reasons: [dropped] });
    expect(decide(withRuns(run('before'), run('after'), unclear))).toMatchObject({
      decision: 'undecided',
      reasons: [{ about: 'verdict', text: expect.stringContaining('inconclusive: k6 dropped 3') }],
    });
    const broke = run('after', {
      verdict: 'inconclusive',
      error: { code: 'CHILD_DIED', message: 'k6 died\nlog', hint: 'h' },
    });
    expect(decide(withRuns(run('before'), broke))).toMatchObject({
      decision: 'undecided',
      reasons: [{ about: 'run', text: 'baseline, after the upgrade: it broke off: k6 died', remedy: 'h' }],
    });
  });

  it('only warn of one that is inconclusive where its phase has others; not during the roll-out', () => {
    const dropped = { code: 'DROPPED_ITERATIONS', verdict: 'inconclusive' as const, message: 'k6 dropped 1' };
    const unclear = { verdict: 'inconclusive' as const, reasons: [dropped] };
    for (const [phase, when] of [
      ['before', 'before the upgrade'],
      ['after', 'after the upgrade'],
    ] as const) {
      const runs = [run('before'), run('after'), run('during'), run(phase, unclear)];
      const text = `baseline, ${when} (1 of 2 runs): inconclusive, and left out: k6 dropped 1`;
      expect(decide(withRuns(...runs))).toMatchObject({ decision: 'go', reasons: [{ weight: 'warns', text }] });
    }
    const during = [run('before'), run('after'), run('during'), run('during', unclear)];
    expect(decide(withRuns(...during))).toMatchObject({ decision: 'undecided', reasons: [{ weight: 'open' }] });
    const none = [run('before', unclear), run('before', unclear), run('after'), run('during')];
    expect(decide(withRuns(...none))).toMatchObject({ decision: 'undecided', reasons: [{ weight: 'open' }] });
  });

  it('say once that it was interrupted', () => {
    const error = { code: 'INTERRUPTED', message: 'interrupted by SIGINT', hint: 'kept' };
    const interrupted = findings({ scenarios: [scenario({ runs: [run('before', { error })] })], error });
    const { decision, reasons } = decide(interrupted);
    expect(decision).toBe('undecided');
    expect(reasons.map(({ text }) => text)).toEqual(['the upgrade was not tried to its end: interrupted by SIGINT']);
  });
});

describe('lost requests', () => {
  const one = {
    ...{ atMs: 4210, source: 'shop/web', destination: 'shop/cart', route: 'GET /', outcome: 'connection', status: 0 },
    meanwhile: 'cart-1 of shop/cart was leaving',
  };

  it('block, with where and when', () => {
    const lost = { ...NOTHING_LOST, lost: [one, { ...one, atMs: 5000 }] };
    const { decision, reasons } = decide(findings({ scenarios: [scenario({ lost })] }));
    expect(decision).toBe('no-go');
    expect(reasons[0]).toMatchObject({ weight: 'blocks', about: 'lost-requests' });
    expect(reasons[0]!.text).toBe(
      'baseline: 2 of 500 requests were lost during the roll-out: 2 of them shop/web -> shop/cart, the first 4.2 s after traffic began (connection, while cart-1 of shop/cart was leaving); 0 of 1000 without a roll-out',
    );
  });

  it('are worth a look when as many are lost without a roll-out', () => {
    const lost = { made: 1000, lost: [one], otherwise: 2, otherwiseMade: 2000 };
    expect(decide(findings({ scenarios: [scenario({ lost })] }))).toMatchObject({
      decision: 'go',
      reasons: [{ weight: 'warns' }],
    });
  });
});

describe('queries and targets', () => {
  it('block when broken, those of one reason together', () => {
    const broken = { broken: true, outcome: 'now-empty', reason: 'authority is gone.' } as const;
    const queries = [
      query({ ...broken, seen: '4 series before, none after' }),
      query({ ...broken, place: 'rules.yaml:9' }),
      query({ ...broken, place: 'd.json', reason: 'le is a float', rewrite: { expr: 'new', checked: 'same' } }),
      query({ place: 'fine' }),
    ];
    const { decision, reasons } = decide(findings({ queries }));
    expect(decision).toBe('no-go');
    expect(reasons.map(({ text, remedy }) => [text, remedy])).toEqual([
      ['2 queries, the first of which is rules.yaml:3 alert A: now empty: authority is gone', ''],
      ['d.json: now empty: le is a float', 'write new'],
    ]);
  });

  it('name no rewrite that does not work', () => {
    const rewrite = { expr: 'new', checked: 'now-empty' as const };
    expect(decide(findings({ queries: [query({ broken: true, rewrite })] })).reasons[0]!.remedy).toBe('');
  });

  it('leave it open when they ask for what goes, seen or not', () => {
    const idle = query({ notExercised: true, broken: false, reason: '`authority` is gone', place: 'rules.yaml:3' });
    const { decision, reasons } = decide(findings({ queries: [idle, { ...idle, place: 'rules.yaml:9' }] }));
    expect(decision).toBe('undecided');
    expect(reasons).toMatchObject([
      {
        ...{ weight: 'open', about: 'query' },
        text: '2 queries, the first of which is rules.yaml:3, ask for what this upgrade takes away or renames; no scenario has anything for them to select, so that was not seen: `authority` is gone',
      },
    ]);
  });

  it('say in one line how many select nothing', () => {
    const queries = [query({ notExercised: true }), query({ notExercised: true }), query()];
    expect(decide(findings({ queries }))).toMatchObject({
      decision: 'go',
      reasons: [{ weight: 'warns', about: 'query', text: expect.stringMatching(/^2 of 3 queries select nothing/) }],
    });
  });

  it('block when targets are lost, with the reason', () => {
    const lostTargets = ['destination', 'policy'].map((of) => ({
      job: 'linkerd-controller',
      of,
      reason: 'since 2.19.',
    }));
    expect(decide(findings({ lostTargets }))).toMatchObject({
      decision: 'no-go',
      reasons: [
        {
          about: 'targets',
          text: 'Prometheus scrapes destination, policy (job linkerd-controller) no more: since 2.19',
        },
      ],
    });
  });
});

describe('latency', () => {
  const slower: LatencyChange = {
    ...{ source: 'shop/web', destination: 'shop/cart', quantile: 0.99, beforeMs: 20, afterMs: 25, differenceMs: 5 },
    ...{ interval: { lowMs: 2, highMs: 8 }, significant: true, samples: { before: 900, after: 900 } },
  };
  const of = (latency: LatencyChange[], over: Partial<Findings> = {}, interleaved = true) =>
    decide(findings({ scenarios: [scenario({ latency, interleaved })], ...over }));

  it('warns of a significant slow-down, and says how sure that is', () => {
    const { decision, reasons } = of([slower, { ...slower, significant: false, quantile: 0.5 }]);
    expect(decision).toBe('go');
    expect(reasons).toMatchObject([{ weight: 'warns', about: 'latency' }]);
    expect(reasons[0]!.text).toBe(
      'baseline: p99 of shop/web -> shop/cart went from 20.0 to 25.0 ms, with 95 % confidence by 2.0 to 8.0 ms; of 2 comparisons one in twenty looks so by chance',
    );
  });

  it('does not mind a speed-up', () => {
    expect(of([{ ...slower, differenceMs: -5 }])).toEqual({ decision: 'go', reasons: [] });
  });

  it('blocks beyond what is allowed, when that is beyond doubt', () => {
    const sure = { maxLatencyIncrease: 0.1, beyondDoubt: new Set([slower]) };
    const { decision, reasons } = of([slower], sure);
    expect(decision).toBe('no-go');
    expect(reasons[0]!.text).toContain('(+25 %, more than the 10 % that are allowed)');
    expect(of([slower], { ...sure, maxLatencyIncrease: 0.3 }).decision).toBe('go');
    expect(of([slower], { ...sure, beyondDoubt: new Set() }).decision).toBe('go');
  });

  it('says so when before and after did not run by turns', () => {
    expect(of([slower], {}, false).reasons[0]!.text).toContain('did not run by turns');
  });
});

describe('inputs', () => {
  const problem = { place: 'x.json', code: 'DASHBOARD_NOT_JSON', message: 'is no JSON', hint: 'export it' };

  it('leave it open when they are lost, and are worth a look when one expression is', () => {
    expect(decide(findings({ problems: [{ ...problem, whole: true }] }))).toMatchObject({
      decision: 'undecided',
      reasons: [{ weight: 'open', about: 'input', text: 'x.json: is no JSON', remedy: 'export it' }],
    });
    expect(decide(findings({ problems: [{ ...problem, whole: false }] })).decision).toBe('go');
  });
});

describe('the schema', () => {
  const change = (kind: 'gone' | 'new' | 'changed', subject: string, what: 'family' | 'help' = 'family') => ({
    ...{ kind, what, subject, before: '', after: '', reason: '', guessed: false },
  });

  it('is one line to look at: what is new, or only worded otherwise, is not in it', () => {
    const changes = [change('gone', 'a'), change('gone', 'b'), change('new', 'c'), change('changed', 'd', 'help')];
    const { decision, reasons } = decide(findings({ schema: { ...NO_SCHEMA, changes } }));
    expect(decision).toBe('go');
    expect(reasons).toMatchObject([{ text: 'the schema of the metrics differs: 2 gone (a, ...)' }]);
    expect(decide(findings({ schema: { ...NO_SCHEMA, changes: [change('new', 'c')] } })).reasons).toEqual([]);
    // One label that several families lose is one.
    const label = { ...change('gone', 'a, b, c'), what: 'label' as const, before: 'authority' };
    expect(decide(findings({ schema: { ...NO_SCHEMA, changes: [label] } })).reasons).toMatchObject([
      { text: 'the schema of the metrics differs: 1 gone (label authority of a, b, c)' },
    ]);
  });
});

describe('order', () => {
  it('has the weightiest first', () => {
    const queries = [query({ notExercised: true }), query({ broken: true })];
    const problems = [{ place: 'x', code: 'C', message: 'm', hint: '', whole: true }];
    const { decision, reasons } = decide(findings({ queries, problems }));
    expect(decision).toBe('no-go');
    expect(reasons.map(({ weight }) => weight)).toEqual(['blocks', 'open', 'warns']);
  });
});
