import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { faultsSchema } from '../../matrix/schema.ts';
import { capacitySchema } from '../../result/bench/schema-capacity.ts';
import { scrapeSchema } from '../../result/bench/schema-scrape.ts';
import { resultSchema } from '../../result/schema.ts';
import { timelineSchema } from '../../result/timeline/schema.ts';
import { upgradeSchema } from '../../result/upgrade/schema.ts';
import { renderCapacityHtml } from './capacity.ts';
import { renderFaultsHtml } from './faults.ts';
import { indexedRun, renderIndexHtml } from './index-page.ts';
import { renderRunHtml } from './run.ts';
import { renderScrapeHtml } from './scrape.ts';
import { chromiumRefusal, launchChromium, type Visit, visit } from './testing/browser.ts';
import { hostile, hostileText } from './testing/hostile.ts';
import { active, contrast, figures, overflow, regions, structure, tabStops, unfold } from './testing/page-checks.ts';
import { sampleRecords } from './testing/pages.ts';
import { lookAt, type Picture } from './testing/picture.ts';
import { sampleConfiguration, sampleSuite } from './testing/suite-sample.ts';
import { renderUpgradeHtml } from './upgrade.ts';

/** Every kind of page in a real browser: what a person meets, with a mouse, with a keyboard, on paper, on a telephone. */

type Records = ReturnType<typeof sampleRecords>;
const KINDS: Record<string, (records: Records) => Promise<string>> = {
  run: ({ result, timelines, configurations }) => renderRunHtml(result, timelines, configurations),
  'run without timelines': ({ result }) => renderRunHtml(result, new Map()),
  upgrade: ({ upgrade }) => renderUpgradeHtml(upgrade),
  capacity: ({ capacity }) => renderCapacityHtml(capacity),
  scrape: ({ scrape }) => renderScrapeHtml(scrape),
  faults: ({ faults }) => renderFaultsHtml(faults),
  index: (records) => renderIndexHtml(indexed(records)),
};

/** Links, folds and regions of a page whose scenarios are few; what is folded away is no stop. */
const MAX_STOPS = 80;
const WIDE = { width: 1280, height: 900 };

const refusal = chromiumRefusal();
if (refusal) console.warn(`The tests of pages in a browser are left out: ${refusal}`);

it('has a browser in CI, unless it was said that none can be had', () => {
  const { CI, MESHPROOF_NO_BROWSER } = process.env;
  const mayBeMissing = !CI || CI === 'false' || MESHPROOF_NO_BROWSER === '1';
  expect(mayBeMissing ? '' : refusal).toBe('');
});

describe.skipIf(refusal !== '')('pages in a browser', () => {
  let browser: Browser;
  let dir: string;
  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), 'meshproof-pages-'));
    browser = await launchChromium();
  });
  afterAll(async () => {
    await browser?.close();
    rmSync(dir, { recursive: true, force: true });
  });

  function written(name: string, text: string): string {
    const file = join(dir, `${name.replaceAll(' ', '-')}.html`);
    writeFileSync(file, text);
    return pathToFileURL(file).href;
  }

  describe.each(Object.keys(KINDS))('%s', (kind) => {
    let url: string;
    let opened: Visit;
    beforeAll(async () => {
      url = written(kind, await KINDS[kind]!(sampleRecords()));
      opened = await visit(browser, url, { viewport: WIDE });
    });
    afterAll(async () => {
      await opened?.[Symbol.asyncDispose]();
    });

    it('has headings in order, pictures with a label, figures with a table', async () => {
      expect(await structure(opened.page)).toEqual([]);
      expect(await figures(opened.page)).toEqual([]);
    });

    it('is used with a keyboard alone', async () => {
      const { reached, all } = await tabThrough(opened);
      expect(reached).toBe(all);
      if (all === 0) return;
      const first = opened.page.locator('summary:visible').first();
      const isOpen = () => first.evaluate((summary) => summary.matches('details[open] > summary'));
      const before = await isOpen();
      await first.focus();
      await opened.page.keyboard.press('Enter');
      expect(await isOpen()).toBe(!before);
    });

    it('can be read in light and dark, on a telephone and a screen, with everything unfolded', async () => {
      await unfold(opened.page);
      for (const viewport of [{ width: 400, height: 800 }, WIDE]) {
        await opened.page.setViewportSize(viewport);
        expect(await overflow(opened.page)).toEqual([]);
      }
      for (const colorScheme of ['light', 'dark'] as const) {
        await opened.page.emulateMedia({ colorScheme });
        expect(await contrast(opened.page), colorScheme).toEqual([]);
      }
    });

    it('shows something, in light and in dark, which are not the same', async () => {
      const pictures = [];
      for (const colorScheme of ['light', 'dark'] as const) {
        await using seen = await visit(browser, url, { viewport: WIDE, colorScheme });
        pictures.push(await lookAt(browser, await seen.page.screenshot()));
      }
      const [light, dark] = pictures as [Picture, Picture];
      for (const { colours, inked } of [light, dark]) {
        // Letters alone have many shades.
        expect(colours).toBeGreaterThan(30);
        expect(inked).toBeGreaterThan(0.02);
      }
      expect(light.ground).toBeGreaterThan(220);
      expect(dark.ground).toBeLessThan(60);
    });

    it('is walked through with few stops on the way, and no two regions of one name', async () => {
      await using fresh = await visit(browser, url, { viewport: WIDE });
      expect(await regions(fresh.page)).toEqual([]);
      expect(await tabStops(fresh.page)).toBeLessThanOrEqual(MAX_STOPS);
    });

    it('is printed', async () => {
      const pdf = await opened.page.pdf({ format: 'A4' });
      expect(pdf.subarray(0, 5).toString()).toBe('%PDF-');
      // Paper is white, whatever the screen is.
      await opened.page.emulateMedia({ media: 'print', colorScheme: 'dark' });
      expect(await opened.page.locator('nav:visible').count()).toBe(0);
      expect(await contrast(opened.page)).toEqual([]);
    });

    it('has run nothing, fetched nothing, and said nothing on the console', async () => {
      expect(await active(opened.page)).toEqual([]);
      expect(opened.requested).toEqual([url]);
      expect(opened.said).toEqual([]);
    });

    it('shows whatever is in its record, and runs none of it', async () => {
      const bad = written(`hostile ${kind}`, await KINDS[kind]!(hostileRecords()));
      // Without the page's own policy, which would forbid it too: each must do alone.
      for (const bypassCSP of [false, true]) {
        await using hostilePage = await visit(browser, bad, { bypassCSP });
        const { page, requested, said } = hostilePage;
        expect(await active(page)).toEqual([]);
        expect(requested).toEqual([bad]);
        expect(said).toEqual([]);
        expect(await page.evaluate(() => (globalThis as { ran?: number }).ran ?? 0)).toBe(0);
        expect(await page.locator('body').textContent()).toContain('<script>globalThis.ran=1');
        expect(await structure(page)).toEqual([]);
      }
    });
  });

  it('opens a suite of 15 scenarios, all of which fail', async () => {
    const { result, timelines, configurations } = sampleSuite(15, 'all');
    const url = written('suite', await renderRunHtml(result, timelines, configurations));
    await using opened = await visit(browser, url, { viewport: WIDE });
    console.info(
      `a suite of 15 scenarios: ${Math.round(statSync(new URL(url)).size / 1000)} kB, opened in ${opened.loadMs.toFixed(0)} ms`,
    );
    expect(opened.said).toEqual([]);
    expect(await opened.page.locator('details.scenario').count()).toBe(15);
    expect(await structure(opened.page)).toEqual([]);
    expect(await regions(opened.page)).toEqual([]);
  });
});

function indexed({ result, upgrade, capacity, scrape, faults }: Records) {
  const later = { ...result, startedAt: '2026-01-03T03:04:05.000Z', durationMs: 51_000 };
  return [result, later, upgrade, capacity, scrape, faults].map((record, i) =>
    indexedRun({ name: `${record.kind}-${i}`, href: `${i}/report.html` }, record),
  );
}

const { scenario, prometheus } = sampleConfiguration();
const hostileConfiguration = {
  scenario: hostileText(scenario!.slice(0, 80)),
  prometheus: hostileText(prometheus!.slice(0, 80)),
};

function hostileRecords(): Records {
  const { result, timelines, upgrade, capacity, scrape, faults } = sampleRecords();
  const bad = [...timelines.values()].map((timeline) => hostile(timeline, timelineSchema));
  return {
    result: hostile(result, resultSchema),
    timelines: new Map(bad.map((timeline) => [timeline.scenario, timeline])),
    configurations: new Map(bad.map(({ scenario }) => [scenario, hostileConfiguration])),
    upgrade: hostile(upgrade, upgradeSchema),
    capacity: hostile(capacity, capacitySchema),
    scrape: hostile(scrape, scrapeSchema),
    faults: hostile(faults, faultsSchema),
  };
}

/** How many of the summaries that can be seen Tab comes by, on its way from the top to the end. */
async function tabThrough({ page }: Visit): Promise<{ reached: number; all: number }> {
  const all = await page.locator('summary:visible').count();
  const stops = await page.locator('a[href], [tabindex="0"], summary').count();
  await page.evaluate(recordFocus);
  for (let i = 0; i < stops; i++) await page.keyboard.press('Tab');
  return { all, reached: await page.evaluate(() => (globalThis as Recorded).summariesFocused!.size) };
}

type Recorded = { summariesFocused?: Set<unknown> };

function recordFocus(): void {
  const seen = new Set<unknown>();
  (globalThis as Recorded).summariesFocused = seen;
  const target = globalThis as unknown as { addEventListener(type: string, on: (event: FocusLike) => void): void };
  target.addEventListener('focusin', ({ target: element }) => {
    // A summary that nobody sees is of no use.
    if (element.tagName === 'SUMMARY' && element.getBoundingClientRect().height > 0) seen.add(element);
  });
}

interface FocusLike {
  target: { tagName: string; getBoundingClientRect(): { height: number } };
}
