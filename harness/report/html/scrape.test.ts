import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { scrapeSchema } from '../../result/bench/schema-scrape.ts';
import { arbitraryScrape } from '../../result/testing/arbitrary-of.ts';
import { sampleScrape } from '../../result/testing/bench-sample.ts';
import { renderScrapeHtml } from './scrape.ts';
import { hostile } from './testing/hostile.ts';
import { foreign, holes, outOfOrder, poorFigures, visible } from './testing/page-text.ts';

describe('scraping', () => {
  it('says first what is predicted, with intervals and what is extrapolated, then the model, the sweep, accuracy, families', async () => {
    const page = await renderScrapeHtml(sampleScrape());
    const first = [
      '2 points measured',
      '5,000 pods with 8 edges',
      '4.7 cores',
      '4.2 cores to 5.2 cores',
      '13,000,000 series',
    ];
    const then = [
      'cpu (cores) = 3.60e-6',
      'held out',
      'us/sample',
      '95 of 100',
      'tcp_close_total',
      'how connections end',
    ];
    expect(outOfOrder(page, [...first, ...then])).toBe('');
    expect(poorFigures(page)).toEqual([]);
    expect(holes(page)).toEqual([]);
  });

  it('marks the points that were held out, and where the prediction lies', async () => {
    const page = await renderScrapeHtml(sampleScrape());
    expect(page).toMatch(/>fitted<\/text>[\s\S]*>held out<\/text>[\s\S]*>predicted, with its interval<\/text>/);
    const picture = /<svg class="chart"[^>]*aria-label="CPU: measured[\s\S]*?<\/svg>/.exec(page)?.[0] ?? '';
    // One in the legend, one a point.
    expect(picture.match(/fill="var\(--truth\)"/g)).toHaveLength(2);
    expect(picture.match(/fill="var\(--prometheus\)"/g)).toHaveLength(2);
    expect(visible(page)).toMatch(/\* 200 1,003 5 s 0\.16 0\.15 -5% held out/);
  });

  it('names what would be missed', async () => {
    const page = visible(await renderScrapeHtml(sampleScrape()));
    expect(page).toContain('about half of all scrapes: it needs 4.7 cores, and there are 2');
    const none = sampleScrape().predictions.map((one) => ({ ...one, missed: [] }));
    expect(visible(await renderScrapeHtml(sampleScrape({ predictions: none })))).toContain('No target would be missed');
  });

  it('has what to paste for families that nothing needs, and only for those', async () => {
    const page = visible(await renderScrapeHtml(sampleScrape()));
    expect(page).toContain('regex: tcp_close_total');
    expect(page).not.toContain('regex: response_latency_ms');
  });

  it('does without a model, accuracy and families', async () => {
    const page = await renderScrapeHtml(sampleScrape({ model: null, predictions: [], accuracy: [], families: [] }));
    expect(visible(page)).toContain('No model');
    expect(page).not.toContain('<svg');
  });

  it('escapes whatever a record holds', async () => {
    const page = await renderScrapeHtml(hostile(sampleScrape(), scrapeSchema));
    expect(foreign(page)).toEqual([]);
    expect(page).toContain('&lt;script&gt;');
  });

  it('can be made of any record', async () => {
    await fc.assert(
      fc.asyncProperty(arbitraryScrape, async (result) => {
        const page = await renderScrapeHtml(result);
        expect(foreign(page)).toEqual([]);
        expect(poorFigures(page)).toEqual([]);
      }),
      { numRuns: 12 },
    );
  });
});
