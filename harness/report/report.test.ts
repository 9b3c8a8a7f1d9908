import { stripVTControlCharacters } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { arbitraryResult, text } from '../result/testing/arbitrary.ts';
import { failingScenario, passingScenario, sampleResult } from '../result/testing/sample.ts';
import { renderJunit } from './junit.ts';
import { escapeMarkdown, renderMarkdown } from './markdown.ts';
import { renderTerminal } from './terminal.ts';
import { parseXml, type XmlElement } from './testing.ts';
import { displayWidth, oneLine, truncate, wrap } from './text.ts';

const NUM_RUNS = 150;
// biome-ignore lint/suspicious/noControlCharactersInRegex: they must not occur
const MOVES_CURSOR = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e]/;

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

  it('says of a failure what, where and what next, in this order, and the arithmetic of its worst bound', () => {
    const shown = renderAt(120);
    expect(shown).toMatch(
      /what {2}NOT_EQUAL_AT_END: .*297[\s\S]*where shop\/web -> shop\/pay 500[\s\S]*next {2}compare/,
    );
    expect(shown).toContain('300 <= 297 <= 300 does not hold: 3 too few [1 of 8 samples]');
    expect(shown).toContain('because the proxy counts a response before its caller has read it');
  });

  it('says what to do about one code once', () => {
    const scenario = failingScenario();
    scenario.reasons = [scenario.reasons[0]!, { ...scenario.reasons[0]!, message: 'another flow' }];
    const shown = renderTerminal({ ...sampleResult(), scenarios: [scenario] }, { color: false, width: 80 });
    expect(shown.match(/^ {2}next/gm)).toHaveLength(1);
    expect(shown.match(/^ {2}what/gm)).toHaveLength(2);
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
    expect(shown).toContain('next  see its log');
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

  it('renders any result without a line over the width, and nothing that moves the cursor', () => {
    fc.assert(
      fc.property(arbitraryResult, fc.integer({ min: 20, max: 160 }), (result, width) => {
        const shown = renderTerminal(result, { color: false, width });
        for (const line of shown.split('\n')) {
          expect(displayWidth(line), line).toBeLessThanOrEqual(width);
          expect(line).not.toMatch(MOVES_CURSOR);
        }
        expect(shown.toUpperCase()).toContain(result.verdict.toUpperCase());
      }),
      { numRuns: NUM_RUNS },
    );
  });
});

function all(element: XmlElement, name: string): XmlElement[] {
  return [...(element.name === name ? [element] : []), ...element.children.flatMap((child) => all(child, name))];
}

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

describe('text', () => {
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
