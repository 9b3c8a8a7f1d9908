import { stripVTControlCharacters } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { arbitraryResult } from '../result/testing/arbitrary.ts';
import {
  failingScenario,
  inconclusiveScenario,
  passingScenario,
  sampleDiagnosis,
  sampleResult,
} from '../result/testing/sample.ts';
import { renderMarkdown } from './markdown.ts';
import { renderTerminal } from './terminal.ts';
import { MOVES_CURSOR, RUNNER_COMMAND } from './testing/forbidden.ts';
import { displayWidth } from './text.ts';

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

  it('shows what came from outside as text: no line is a command to the runner of a pipeline', () => {
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
