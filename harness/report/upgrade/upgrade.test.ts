import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { arbitraryUpgrade } from '../../result/testing/upgrade-arbitrary.ts';
import { samplePhase, sampleQuery, sampleScenarioUpgrade, sampleUpgrade } from '../../result/testing/upgrade-sample.ts';
import { MOVES_CURSOR } from '../testing/forbidden.ts';
import { all, parseXml } from '../testing/xml.ts';
import { displayWidth } from '../text.ts';
import { renderUpgradeJunit } from './junit.ts';
import { renderUpgradeMarkdown } from './markdown.ts';
import { phaseRows } from './summary.ts';
import { renderUpgradeTerminal } from './terminal.ts';

const NUM_RUNS = 150;
const plain = { color: false, width: 80 };

describe('terminal', () => {
  it('ends with the decision and, before it, why: what blocks goes first', () => {
    const lines = renderUpgradeTerminal(sampleUpgrade(), plain).trimEnd().split('\n');
    expect(lines.slice(-7)).toEqual([
      '  blocks: 1 of 3 queries breaks: HighErrorRate of rules.yaml selects nothing',
      '    any more.',
      '    do: replace it by the expression that stands with it',
      '  blocks: 1 request was lost while pods were replaced.',
      '  to know: shop/web -> shop/pay is slower at p99.',
      'NO-GO: Linkerd 2.17 -> 2.18 (proxies v2.268.0 -> v2.294.0): 1 of 3 queries',
      'breaks: HighErrorRate of rules.yaml selects nothing any more (and 1 more reason)',
    ]);
  });

  it('shows phases in a table of 80 columns, with what was lost', () => {
    const lines = renderUpgradeTerminal(sampleUpgrade(), plain).split('\n');
    const header = lines.findIndex((line) => line.startsWith('PHASE'));
    expect(lines.slice(header, header + 4)).toEqual([
      'PHASE   SCENARIO  RUNS  VERDICT  REQUESTS  FLOWS  LOST',
      'before  baseline     2  pass        1,200    2/2      ',
      'during  baseline     1  pass          600    1/1     1',
      'after   baseline     1  pass          600    1/1      ',
    ]);
  });

  it('names each lost request, each change and each broken query with its reason and its rewrite', () => {
    const shown = renderUpgradeTerminal(sampleUpgrade(), { color: false, width: 200 });
    expect(shown).toContain('4.21 s: shop/web -> shop/pay /charge: connection; meanwhile shop/pay-old was leaving');
    expect(shown).toContain(
      'gone: authority of request_total{direction="inbound"} (label): *; `authority` is no longer on inbound series since',
    );
    expect(shown).toContain('renamed: old_total: old_total -> new_total; guessed: same type, labels and words');
    expect(shown.indexOf('gone: authority')).toBeLessThan(shown.indexOf('new: srv_port'));
    expect(shown).toContain('BROKEN: now empty: rules.yaml:12 alert HighErrorRate');
    expect(shown).toContain(
      'instead (same): sum(rate(response_total{direction="inbound",deployment="pay"}[1m])) > 0.1',
    );
    expect(shown).toContain('3 queries: 1 same, 1 now empty, 1 not exercised (these scenarios have nothing for');
    expect(shown).toContain('dash/broken.json: line 3: unexpected end (DASHBOARD_NOT_JSON)');
  });

  it('says that nothing is wrong where nothing is', () => {
    const quiet = sampleScenarioUpgrade({ latency: [], lost: { made: 10, lost: [], otherwise: 0, otherwiseMade: 20 } });
    const result = sampleUpgrade({ decision: 'go', reasons: [], scenarios: [quiet], queries: [], problems: [] });
    const shown = renderUpgradeTerminal({ ...result, schema: { ...result.schema, changes: [] } }, plain);
    expect(shown).toContain('no change of the schema');
    expect(shown).toContain('no queries were given');
    expect(shown.trimEnd().split('\n').slice(-2).join(' ')).toBe(
      'GO: Linkerd 2.17 -> 2.18 (proxies v2.268.0 -> v2.294.0): the golden metrics tell the truth before, during and after',
    );
  });

  it('keeps the last line short, however long the first reason is', () => {
    const text = `baseline, during: The page of a shows 31 series twice. The page of b ${'x'.repeat(300)}.`;
    const reasons = [{ weight: 'blocks', about: 'verdict', text, remedy: '' }] as const;
    const shown = renderUpgradeTerminal(sampleUpgrade({ reasons: [...reasons] }), { color: false, width: 200 });
    expect(shown.trimEnd().split('\n').at(-1)).toBe(
      'NO-GO: Linkerd 2.17 -> 2.18 (proxies v2.268.0 -> v2.294.0): baseline, during: The page of a shows 31 series twice',
    );
  });

  it('names a Prometheus by its version, not by where it lies', () => {
    const prometheus = { from: '/usr/bin/prometheus', to: './prometheus', fromFound: '2.42.0', toFound: '3.15.0' };
    const shown = renderUpgradeTerminal(sampleUpgrade({ linkerd: null, prometheus }), { color: false, width: 200 });
    expect(shown).toContain('NO-GO: Prometheus 2.42.0 -> 3.15.0: ');
    expect(shown).not.toContain('/usr/bin');
  });

  it('claims nothing of what was not compared', () => {
    const scenarios = [sampleScenarioUpgrade({ runs: [samplePhase('before', 1)] })];
    const schema = { changes: [], seriesPerProxy: { before: 0, after: 0 }, bytesPerScrape: { before: 0, after: 0 } };
    const result = sampleUpgrade({ scenarios, schema, queries: [] });
    const shown = renderUpgradeTerminal(result, { color: false, width: 80 });
    expect(shown).toContain('Metrics: not compared: there is no run of both sides');
    expect(shown).toContain('Queries: not compared: there is no run of both sides');
    expect(renderUpgradeMarkdown(result)).not.toMatch(/no change of the schema|no queries were given/);
  });

  it('counts what it leaves out in words that are ones', () => {
    const queries = Array.from({ length: 14 }, (_, i) => sampleQuery({ place: `rules.yaml:${i}` }));
    expect(renderUpgradeTerminal(sampleUpgrade({ queries }), { color: false, width: 80 })).toContain(
      '… and 2 more queries in upgrade.json',
    );
  });

  it('fits any width, whatever was measured', () => {
    fc.assert(
      fc.property(arbitraryUpgrade, fc.integer({ min: 20, max: 160 }), (result, width) => {
        const shown = renderUpgradeTerminal(result, { color: false, width });
        for (const line of shown.split('\n')) {
          expect(displayWidth(line), line).toBeLessThanOrEqual(width);
          expect(line).not.toMatch(MOVES_CURSOR);
        }
        expect(shown).toContain({ go: 'GO:', 'no-go': 'NO-GO:', undecided: 'UNDECIDED:' }[result.decision]);
      }),
      { numRuns: NUM_RUNS },
    );
  });
});

describe('phases', () => {
  it('are inconclusive when a run of them broke off, and fail when one failed', () => {
    const error = { code: 'X', message: '', hint: '' };
    const runs = [
      samplePhase('before', 1, { error }),
      samplePhase('after', 1),
      samplePhase('after', 2, { verdict: 'fail' }),
    ];
    expect(phaseRows([sampleScenarioUpgrade({ runs })]).map((row) => [row.phase, row.verdict])).toEqual([
      ['before', 'inconclusive'],
      ['after', 'fail'],
    ]);
  });
});

describe('Markdown', () => {
  it('says go or no-go in its first line, and why in those below', () => {
    const lines = renderUpgradeMarkdown(sampleUpgrade()).split('\n');
    expect(lines[0]).toMatch(/^# ❌ NO-GO: Linkerd 2\.17 -&gt; 2\.18/);
    expect(lines[2]).toBe(
      '- ❌ 1 of 3 queries breaks: HighErrorRate of rules.yaml selects nothing any more. **Do:** replace it by the expression that stands with it',
    );
    expect(lines[4]).toBe('- ℹ️ shop/web -&gt; shop/pay is slower at p99.');
  });

  it('lets no text of the outside become markup', () => {
    fc.assert(
      fc.property(arbitraryUpgrade, (result) => {
        const shown = renderUpgradeMarkdown(result);
        expect(shown.split('\n')[0]).toContain({ go: 'GO', 'no-go': 'NO-GO', undecided: 'UNDECIDED' }[result.decision]);
        let columns = 0;
        for (const line of shown.split('\n')) {
          expect(line).not.toMatch(MOVES_CURSOR);
          const bars = line.replaceAll('\\\\', '').replaceAll('\\|', '').split('|').length - 1;
          if (columns > 0 && bars > 0) expect(bars, line).toBe(columns);
          columns = bars;
        }
        const tags = shown.replaceAll('<!-- -->', '').match(/<[^>\n]*>/g) ?? [];
        expect(tags.filter((tag) => !/^<\/?(details|summary|code)>$/.test(tag))).toEqual([]);
      }),
      { numRuns: NUM_RUNS },
    );
  });
});

describe('JUnit', () => {
  it('has a case for the decision, each run, the roll-out and each query', () => {
    const root = parseXml(renderUpgradeJunit(sampleUpgrade()));
    const names = all(root, 'testcase').map((c) => [
      c.attributes.classname,
      c.attributes.name,
      c.children[0]?.name ?? 'pass',
    ]);
    expect(names).toEqual([
      ['upgrade', 'decision', 'failure'],
      ['upgrade', 'input dash/broken.json', 'error'],
      ['baseline', 'before 1', 'pass'],
      ['baseline', 'after 1', 'pass'],
      ['baseline', 'before 2', 'pass'],
      ['baseline', 'during 1', 'pass'],
      ['baseline', 'requests lost during the roll-out', 'failure'],
      ['queries', 'rules.yaml:3 alert Fine', 'pass'],
      ['queries', 'rules.yaml:12 alert HighErrorRate', 'failure'],
      ['queries', 'gateway', 'pass'],
    ]);
  });

  it('tells an expression that was broken before from one that the upgrade breaks', () => {
    const queries = [
      sampleQuery({ outcome: 'error', broken: false, place: 'a' }),
      sampleQuery({ outcome: 'error', place: 'b' }),
    ];
    const root = parseXml(renderUpgradeJunit(sampleUpgrade({ queries, scenarios: [], problems: [] })));
    expect(all(root, 'testcase').map((c) => c.children[0]?.name ?? 'pass')).toEqual(['failure', 'pass', 'failure']);
  });

  it('leaves open what asks for something that goes, and names what was not exercised', () => {
    const idle = { outcome: 'same', notExercised: true, broken: false, rewrite: null } as const;
    const queries = [
      sampleQuery({ ...idle, place: 'a', reason: '' }),
      sampleQuery({ ...idle, place: 'b', reason: '`authority` is gone' }),
    ];
    const result = sampleUpgrade({ queries, scenarios: [], problems: [] });
    const shown = renderUpgradeJunit(result);
    expect(all(parseXml(shown), 'testcase').map((c) => c.children[0]?.name ?? 'pass')).toEqual([
      ...['failure', 'pass', 'error'],
    ]);
    expect(shown).toContain('not exercised: a: ');
    for (const text of [renderUpgradeMarkdown(result), renderUpgradeTerminal(result, { color: false, width: 80 })]) {
      expect(text).toMatch(/not exercised\W+b/);
      expect(text).toContain('authority');
    }
  });

  it('passes a run without a verdict that was left out, and says so; not where its phase has no other', () => {
    const dropped = { code: 'DROPPED_ITERATIONS', verdict: 'inconclusive' as const, message: 'k6 dropped 1' };
    const unclear = { verdict: 'inconclusive' as const, reasons: [dropped] };
    const runs = [
      ...[samplePhase('before', 1), samplePhase('before', 2, unclear), samplePhase('after', 1, unclear)],
      ...[samplePhase('during', 1), samplePhase('during', 2, unclear)],
    ];
    const scenarios = [{ ...sampleScenarioUpgrade(), rollout: [], runs }];
    const shown = renderUpgradeJunit(sampleUpgrade({ scenarios, queries: [], problems: [] }));
    const cases = all(parseXml(shown), 'testcase').slice(1);
    expect(cases.map((c) => c.children[0]?.name ?? 'pass')).toEqual(['pass', 'pass', 'error', 'pass', 'error']);
    expect(shown).toContain('left out: before 2: k6 dropped 1');
    expect(shown).not.toContain('left out: after');
  });

  it('is well-formed whatever was measured, and counts right', () => {
    fc.assert(
      fc.property(arbitraryUpgrade, (result) => {
        const root = parseXml(renderUpgradeJunit(result));
        expect(root.attributes.tests).toBe(String(all(root, 'testcase').length));
        expect(root.attributes.failures).toBe(String(all(root, 'failure').length));
        expect(root.attributes.errors).toBe(String(all(root, 'error').length));
        if (result.decision !== 'go')
          expect(all(root, 'failure').length + all(root, 'error').length).toBeGreaterThan(0);
      }),
      { numRuns: NUM_RUNS },
    );
  });
});
