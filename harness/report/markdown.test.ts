import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { arbitraryResult } from '../result/testing/arbitrary.ts';
import { failingScenario, sampleResult } from '../result/testing/sample.ts';
import { renderMarkdown } from './markdown.ts';
import { escapeMarkdown } from './markdown-text.ts';
import { MOVES_CURSOR } from './testing/forbidden.ts';

const NUM_RUNS = 150;

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
