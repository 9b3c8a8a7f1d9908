import { stripVTControlCharacters } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { arbitraryResult, text } from '../result/testing/arbitrary.ts';
import {
  failingScenario,
  inconclusiveScenario,
  passingScenario,
  sampleDiagnosis,
  sampleResult,
} from '../result/testing/sample.ts';
import { renderJunit } from './junit.ts';
import { renderMarkdown } from './markdown.ts';
import { escapeMarkdown } from './markdown-text.ts';
import { renderTerminal } from './terminal.ts';
import { all, MOVES_CURSOR, parseXml } from './testing.ts';
import { displayWidth, oneLine, truncate, wrap } from './text.ts';

const NUM_RUNS = 150;

/** Lines of what is told of one scenario, its heading left out. */
function block(shown: string, heading: string): string[] {
  const lines = shown.split('\n');
  const from = lines.indexOf(heading) + 1;
  return lines.slice(from, lines.indexOf('', from));
}

function renderAt(width: number, color = false): string {
  return renderTerminal(sampleResult(), { color, width });
}

describe('terminal', () => {
  it('shows a table that fits 80 columns', () => {
    const lines = renderAt(80).split('\n');
    const header = lines.findIndex((line) => line.startsWith('SCENARIO'));
    expect(lines.slice(header, header + 4)).toEqual([
      'SCENARIO        VERDICT       REQUESTS  FLOWS    COUNT  SUCCESS  LATENCY',
      'baseline-chain  pass             1,200    1/1    exact    exact  +0.9 ms',
      'error-burst     FAIL             1,200    1/2  -3 (1%)    exact  +0.9 ms',
      'spike           inconclusive     3,986    1/1    exact    exact  no data',
    ]);
  });

  it('says of a failure in three answers what is wrong, why, and what to do, and where to read on', () => {
    const shown = renderTerminal(sampleResult(), {
      color: false,
      width: 80,
      report: 'results/20260102T03/report.html',
    });
    expect(block(shown, 'error-burst: FAIL')).toEqual([
      '  what  Prometheus lacks 3 of 300 requests shop/web -> shop/pay, status 500 (1%)',
      '        [NOT_EQUAL_AT_END]',
      '  why   Packets to the admin port are dropped (admin-port-dropped):',
      '        10.1.2.3:4191 of shop/pay-7c5d9-k2x4z has answered no scrape since',
      '        03:04:12',
      '  do    look for a NetworkPolicy that keeps Prometheus from port 4191',
      '  see   results/20260102T03/report.html',
    ]);
  });

  it('says where it goes wrong, and gives the command that looks again, where no cause is known', () => {
    const scenario = { ...failingScenario(), diagnoses: [], file: "my scenarios/it's.yaml" };
    const shown = renderTerminal({ ...sampleResult(), scenarios: [scenario] }, { color: false, width: 80 });
    expect(block(shown, 'error-burst: FAIL')).toEqual([
      '  what  Prometheus lacks 3 of 300 requests shop/web -> shop/pay, status 500 (1%)',
      '        [NOT_EQUAL_AT_END]',
      '  why   no cause found: the proxies are right, a scrape or relabelling is not',
      '  do    compare the proxies with Prometheus: when they agree the proxy counts',
      '        wrong, else a scrape or a relabelling does',
      "        meshproof run 'my scenarios/it'\\''s.yaml' --seed 7 --keep",
    ]);
  });

  it('tells the reason that makes the verdict, and counts the others', () => {
    const scenario = failingScenario();
    const other = { code: 'DROPPED_ITERATIONS', verdict: 'inconclusive', message: 'k6 dropped 3' } as const;
    const reasons = [other, ...scenario.reasons, other];
    const shown = renderTerminal(
      { ...sampleResult(), scenarios: [{ ...scenario, reasons }] },
      { color: false, width: 80 },
    );
    expect(shown.match(/^ {2}what/gm)).toHaveLength(1);
    expect(shown.replace(/\s+/g, ' ')).toContain('[NOT_EQUAL_AT_END and 2 more]');
    expect(shown).not.toContain('k6 dropped 3');
  });

  it('keeps what a run that passes prints short', () => {
    const shown = renderTerminal(
      { ...sampleResult(), verdict: 'pass', scenarios: [passingScenario()] },
      { color: false, width: 80 },
    );
    expect(shown.split('\n').length).toBeLessThan(16);
    expect(shown).not.toMatch(/^ {2}(what|why|do|see)/m);
  });

  it('tells ten failures in full, and of the others a line each', () => {
    const scenarios = Array.from({ length: 14 }, (_, i) => ({
      ...(i < 4 ? inconclusiveScenario() : failingScenario()),
      name: `s${i}`,
    }));
    const shown = renderTerminal({ ...sampleResult(), scenarios }, { color: false, width: 80 });
    expect(shown.match(/^ {2}what/gm)).toHaveLength(10);
    expect(shown).toMatch(/^s0: inconclusive: k6 could not.*…\ns1: [^\n]*\ns2: [^\n]*\ns3: [^\n]*\n\n/m);
  });

  it('keeps names apart and numbers whole, however long they are', () => {
    const long = (end: string) => ({
      ...failingScenario(),
      name: `checkout-with-retries-and-timeouts-in-the-region-${end}`,
      traffic: { ...failingScenario().traffic, requests: 12_345_678 },
      flows: failingScenario().flows.map((flow) => ({ ...flow, truth: 12_345_678, prometheus: 345_678 })),
    });
    const shown = renderTerminal(
      { ...sampleResult(), scenarios: [long('east'), long('west')] },
      { color: false, width: 80 },
    );
    const [head, ...rows] = shown
      .split('\n')
      .slice(shown.split('\n').findIndex((line) => line.startsWith('SCENARIO')))
      .slice(0, 3);
    // Columns go one by one, as there is no room.
    expect(head!.split(/ +/)).toEqual(['SCENARIO', 'VERDICT', 'FLOWS', 'COUNT', 'SUCCESS', 'LATENCY']);
    expect(rows[0]).toMatch(/^checkout-\S*…\S*-east +FAIL .*-12,000,000 \(97\.2%\)/);
    expect(rows[1]).toMatch(/^checkout-\S*…\S*-west /);
  });

  it('names what is wrong by itself before what is only read wrong, also when everything agrees', () => {
    const reading = sampleDiagnosis({ kind: 'reading', title: 'A reading', pods: [], evidence: [], remedy: [] });
    const causes = ['admin-port-dropped', 'admin-port-refused'];
    const undecided = sampleDiagnosis({ title: 'A fault', causes, pods: ['a', 'b', 'c', 'd'].map((n) => `x/${n}`) });
    const scenario = { ...passingScenario(), diagnoses: [reading, undecided] };
    const shown = renderTerminal({ ...sampleResult(), scenarios: [scenario] }, { color: false, width: 120 });
    expect(shown).toMatch(
      / {2}why {3}A fault \(undecided: admin-port-dropped or admin-port-refused\): [\s\S]* \(and 1 more cause\)/,
    );
    expect(shown).not.toContain('without a reason given');
  });

  it('a query that the scenario names has its value and the truth, and is not among those for information', () => {
    const query = {
      ...passingScenario().queries[0]!,
      verdict: 'fail',
      flow: 'shop/web -> shop/pay',
      within: 0.05,
    } as const;
    const scenario = { ...failingScenario(), queries: [{ ...query, value: 50, overMs: 10_000 }], flows: [], slo: [] };
    const shown = renderTerminal({ ...sampleResult(), scenarios: [scenario] }, { color: false, width: 300 });
    expect(shown).not.toContain('For information');
    const markdown = renderMarkdown({ ...sampleResult(), scenarios: [scenario] });
    expect(markdown).toMatch(
      /\| rate of shop\/web .* ❌ fail \| 120\/s \| {2}\| 50\/s \| of the last 10\.0 s, within 5% \|/,
    );
    expect(markdown).not.toContain('For information');
  });

  it('ends with the verdict', () => {
    expect(renderAt(80).trimEnd().split('\n').at(-1)).toBe(
      'FAIL: 1 of 3 scenarios failed, 1 inconclusive, 1 passed, in 48.2 s',
    );
  });

  it('prints the error of a scenario with the log it carries, line by line', () => {
    const error = {
      code: 'CHILD_DIED',
      message: 'prometheus: exit code 1\nlog line one\nlog line two',
      hint: 'see its log',
    };
    const shown = renderTerminal(
      { ...sampleResult(), scenarios: [{ ...passingScenario(), verdict: 'inconclusive', error }] },
      { color: false, width: 80 },
    );
    expect(shown).toContain(
      'what  error CHILD_DIED: prometheus: exit code 1\n        log line one\n        log line two\n',
    );
    expect(shown).toContain('do    see its log');
  });

  it('says the error of the run, unless a scenario has said it', () => {
    const error = { code: 'PORT_TAKEN', message: 'port 1 is taken', hint: 'end it' };
    const render = (scenarioError: typeof error) =>
      renderTerminal(
        { ...sampleResult(), error, scenarios: [{ ...failingScenario(), error: scenarioError }] },
        { color: false, width: 80 },
      );
    expect(render(error).match(/error PORT_TAKEN/g)).toHaveLength(1);
    expect(render({ ...error, message: 'port 2 is taken' }).match(/error PORT_TAKEN/g)).toHaveLength(2);
  });

  it('colours only when asked, and nothing else changes then', () => {
    expect(renderAt(80)).not.toContain('\u001b');
    expect(renderAt(80, true)).toContain('\u001b[31mFAIL');
    expect(stripVTControlCharacters(renderAt(80, true))).toBe(renderAt(80));
  });

  it('shows what came from outside as text: no escape sequence of a name, of a pod or of an error gets through', () => {
    const evil = '\u001b[2J\u001b]0;owned\u0007\u009b31m\r\nPASS: 1 of 1\u202e';
    const scenario = { ...failingScenario(), name: `s${evil}`, file: `f${evil}` };
    scenario.reasons = [{ ...scenario.reasons[0]!, message: `m${evil}` }];
    scenario.diagnoses = [sampleDiagnosis({ pods: [`p${evil}`], summary: `s${evil}`, remedy: [`r${evil}`] })];
    const error = { code: 'CHILD_DIED', message: `e${evil}`, hint: `h${evil}` };
    for (const one of [scenario, { ...scenario, diagnoses: [] }, { ...scenario, error }]) {
      const result = { ...sampleResult(), error: { ...error, code: 'OTHER' }, scenarios: [one] };
      const shown = renderTerminal(result, { color: false, width: 80, report: `d${evil}` });
      for (const line of shown.split('\n')) expect(line).not.toMatch(MOVES_CURSOR);
      // A verdict of its own is no line of its own.
      expect(shown.match(/^PASS/gm)).toBeNull();
    }
  });

  it('renders any result without a line over the width, and nothing that moves the cursor', () => {
    fc.assert(
      fc.property(arbitraryResult, fc.integer({ min: 20, max: 160 }), (result, width) => {
        const shown = renderTerminal(result, { color: false, width });
        for (const line of shown.split('\n')) {
          expect(displayWidth(line), line).toBeLessThanOrEqual(width);
          expect(line).not.toMatch(MOVES_CURSOR);
          expect(line).not.toMatch(RUNNER_COMMAND);
        }
        expect(shown.toUpperCase()).toContain(result.verdict.toUpperCase());
      }),
      { numRuns: NUM_RUNS },
    );
  });
});

describe('junit', () => {
  it('has a suite a scenario and a case a row; a fail is a failure, inconclusive an error, and nothing is skipped', () => {
    const root = parseXml(renderJunit(sampleResult()));
    expect(root.attributes).toMatchObject({
      name: 'meshproof',
      tests: '13',
      failures: '2',
      errors: '2',
      time: '48.210',
    });
    const suites = all(root, 'testsuite');
    expect(suites.map((s) => s.attributes.name)).toEqual(['baseline-chain', 'error-burst', 'spike']);
    expect(all(suites[0]!, 'testcase').map((c) => c.attributes.name)).toEqual([
      'scenario',
      'flow meshproof/load -> shop/web 200 inbound',
      'latency meshproof/load -> shop/web p99 inbound',
      'slo * -> shop/web: successRate >= 99%',
    ]);
    expect(all(suites[1]!, 'failure')[1]!.text).toContain('300 <= 297 <= 300 does not hold');
    expect(all(suites[2]!, 'error')[0]!.attributes).toMatchObject({ type: 'DROPPED_ITERATIONS' });
    expect(all(root, 'skipped')).toEqual([]);
  });

  it('says in the failure of a scenario why first, then what', () => {
    const [scenario] = all(parseXml(renderJunit(sampleResult())), 'failure');
    expect(scenario!.text.split('\n')).toEqual([
      expect.stringMatching(/^why: Packets to the admin port are dropped \(admin-port-dropped\): 10\.1\.2\.3/),
      expect.stringMatching(/^seen: Prometheus, targets/),
      'do: look for a NetworkPolicy that keeps Prometheus from port 4191',
      expect.stringMatching(/^NOT_EQUAL_AT_END: /),
    ]);
    const passing = { ...passingScenario(), diagnoses: [sampleDiagnosis()] };
    const root = parseXml(renderJunit({ ...sampleResult(), scenarios: [passing] }));
    expect(root.attributes.failures).toBe('0');
    expect(all(root, 'system-out')[0]!.text).toContain('Packets to the admin port are dropped');
  });

  it('is never green when the run broke off or ran nothing', () => {
    const error = { code: 'INTERRUPTED', message: 'interrupted by SIGINT', hint: 'run again' };
    for (const result of [
      { ...sampleResult(), scenarios: [passingScenario()], error },
      { ...sampleResult(), scenarios: [] },
      { ...sampleResult(), scenarios: [{ ...passingScenario(), error }] },
    ]) {
      expect(Number(parseXml(renderJunit(result)).attributes.errors)).toBeGreaterThan(0);
    }
  });

  it('is well-formed for any result, and its counts add up', () => {
    fc.assert(
      fc.property(arbitraryResult, (result) => {
        const root = parseXml(renderJunit(result));
        expect(root.attributes.tests).toBe(String(all(root, 'testcase').length));
        expect(root.attributes.failures).toBe(String(all(root, 'failure').length));
        expect(root.attributes.errors).toBe(String(all(root, 'error').length));
        const notPassed = result.scenarios.filter((s) => s.verdict !== 'pass').length;
        expect(all(root, 'failure').length + all(root, 'error').length).toBeGreaterThanOrEqual(notPassed);
      }),
      { numRuns: NUM_RUNS },
    );
  });
});

describe('the check of XML', () => {
  it.each([
    '<a>',
    '<a></b>',
    '<a>&</a>',
    '<a b="1" b="2"/>',
    '<a/><b/>',
    '<a/>x',
    '<a>\u0001</a>',
    '<a b="<"/>',
    '<a>]]></a>',
  ])('refuses %j', (xml) => {
    expect(() => parseXml(xml)).toThrow();
  });
});

describe('markdown', () => {
  it('says the verdict in its first line', () => {
    expect(renderMarkdown(sampleResult()).split('\n')[0]).toBe(
      '# ❌ fail: 1 of 3 scenarios failed, 1 inconclusive, 1 passed, in 48.2 s',
    );
  });

  it('says why before what, with all of the evidence and what to do', () => {
    const shown = renderMarkdown(sampleResult());
    const block = shown.slice(shown.indexOf('**Why'), shown.indexOf('- **NOT'));
    expect(block).toBe(
      `**Why: Packets to the admin port are dropped.** 10.1.2.3:4191 of shop/pay-7c5d9-k2x4z has answered no scrape since 03:04:12

- Cause: admin-port-dropped, docs/causes/admin-port-dropped.md
- Pods: shop/pay-7c5d9-k2x4z
- Seen:
  - Prometheus, targets: last error of http:<!-- -->//10.1.2.3:4191/metrics: context deadline exceeded
  - the page, fetched directly: no connection within 5 s
- Do:
  - look for a NetworkPolicy that keeps Prometheus from port 4191
  - look at the firewall of the node

`,
    );
  });

  it('shows the flow that failed and the bound', () => {
    const shown = renderMarkdown(sampleResult());
    expect(shown).toContain('| shop/web -&gt; shop/pay 500 inbound | ❌ fail | 300 | 300 | 297 |  |');
    expect(shown).toContain('300 &lt;= 297 &lt;= 300 does not hold: 3 too few');
  });

  it.each([
    ['a|b', 'a\\|b'],
    ['<script>', '&lt;script&gt;'],
    ['line\nbreak', 'line break'],
    ['# head', '\\# head'],
    ['- item', '\\- item'],
    ['1. item', '1\\. item'],
    ['1.5 ms', '1.5 ms'],
    ['-3 (1%)', '-3 (1%)'],
    ['[a](b)', '\\[a\\](b)'],
    ['`x` *y* _z_', '\\`x\\` \\*y\\* \\_z\\_'],
    ['@someone', '@<!-- -->someone'],
  ])('shows %j as text', (input, output) => {
    expect(escapeMarkdown(input)).toBe(output);
  });

  it('renders any result with tables that keep their columns', () => {
    fc.assert(
      fc.property(arbitraryResult, (result) => {
        const shown = renderMarkdown(result);
        expect(shown.split('\n')[0]).toContain(result.verdict);
        let columns = 0;
        for (const line of shown.split('\n')) {
          expect(line).not.toMatch(MOVES_CURSOR);
          const bars = line.replaceAll('\\\\', '').replaceAll('\\|', '').split('|').length - 1;
          if (columns > 0 && bars > 0) expect(bars, line).toBe(columns);
          columns = bars;
        }
        const tags = shown.replaceAll('<!-- -->', '').match(/<[^>\n]*>/g) ?? [];
        expect(tags.filter((tag) => !/^<\/?(details|summary)>$/.test(tag))).toEqual([]);
      }),
      { numRuns: NUM_RUNS },
    );
  });

  it('stays below the size of a job summary', () => {
    const scenario = failingScenario();
    scenario.flows = Array.from({ length: 300 }, () => ({ ...scenario.flows[1]!, source: 'x'.repeat(900) }));
    const shown = renderMarkdown({ ...sampleResult(), scenarios: Array.from({ length: 100 }, () => scenario) });
    expect(Buffer.byteLength(shown)).toBeLessThan(1024 * 1024);
    expect(shown).toMatch(/more scenarios in `result.json`\.\n$/);
  });
});

/** As the runner of GitHub Actions reads a line of a log. */
const RUNNER_COMMAND = /^\s*::[a-z-]+(?: .*)?::|##\[/i;

describe('text', () => {
  it.each([
    ['::error::no', ': :error::no'],
    ['x ::Set-Output name=a::b', 'x : :Set-Output name=a::b'],
    ['::a::b::c::d', ': :a: :b: :c::d'],
    ['a##[group]b', 'a# #[group]b'],
    ['::1', '::1'],
    ['fe80::a:b 10.0.0.1', 'fe80::a:b 10.0.0.1'],
    ['job:rate5m', 'job:rate5m'],
  ])('of %j makes no command to the runner of a pipeline', (from, to) => {
    expect(oneLine(from)).toBe(to);
    expect(oneLine(oneLine(from))).toBe(to);
    for (const line of wrap(`${'x'.repeat(7)} ${from}`, 8)) expect(line).not.toMatch(RUNNER_COMMAND);
  });

  it('from outside starts no line that is one: names, labels, reasons, errors', () => {
    const evil = '::error file=x::owned ##[error]owned';
    const scenario = { ...failingScenario(), name: evil, file: evil };
    scenario.reasons = [{ ...scenario.reasons[0]!, code: 'NO_DATA', message: `x\n${evil}` }];
    scenario.diagnoses = [sampleDiagnosis({ title: evil, pods: [evil], summary: evil, remedy: [evil] })];
    const error = { code: evil, message: `e\n${evil}`, hint: evil };
    for (const one of [scenario, { ...scenario, diagnoses: [] }, { ...scenario, error }]) {
      const result = { ...sampleResult(), error: { ...error, code: 'OTHER' }, scenarios: [one, passingScenario()] };
      for (const line of renderTerminal(result, { color: false, width: 80, report: evil }).split('\n')) {
        expect(line).not.toMatch(RUNNER_COMMAND);
      }
    }
  });

  it('knows how wide a terminal shows it', () => {
    expect(['abc', '漢字', 'e\u0301', '👩‍👩‍👧', '🇩🇪', '✔', ''].map(displayWidth)).toEqual([3, 4, 1, 2, 2, 1, 0]);
    expect(truncate('漢字かな', 5)).toBe('漢字…');
    expect(wrap('aa bb cc', 5)).toEqual(['aa bb', 'cc']);
    expect(wrap('abcdefg', 3)).toEqual(['abc', 'def', 'g']);
    expect(oneLine('\u001b[31mred\u001b[0m\tand\r\nmore\u202e')).toBe('red and more');
  });

  it('loses nothing when it wraps', () => {
    fc.assert(
      fc.property(text, fc.integer({ min: 2, max: 40 }), (value, width) => {
        const squeeze = (s: string) => oneLine(s).replaceAll(' ', '');
        expect(squeeze(wrap(value, width).join(''))).toBe(squeeze(value));
      }),
    );
  });
});
