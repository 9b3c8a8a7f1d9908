import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { arbitraryUpgrade } from '../../result/testing/upgrade-arbitrary.ts';
import { sampleQuery, sampleScenarioUpgrade, sampleUpgrade } from '../../result/testing/upgrade-sample.ts';
import { upgradeSchema } from '../../result/upgrade/schema.ts';
import { hostile } from './testing/hostile.ts';
import { foreign, holes, outOfOrder, poorFigures, visible } from './testing/page-text.ts';
import { renderUpgradeHtml } from './upgrade.ts';

describe('an upgrade', () => {
  it('says first whether to go and why, then phases, lost requests, latency, metrics, queries', async () => {
    const page = await renderUpgradeHtml(sampleUpgrade());
    const order = ['NO-GO', '1 of 3 queries breaks', 'slower at p99', 'Before', 'During', 'After', '4.21 s', '+1.9 ms'];
    expect(outOfOrder(page, [...order, 'Gone', 'Renamed', 'New', 'broken: now empty', 'Instead', 'say'])).toBe('');
    expect(page).toContain('<header class="bad">');
    expect(page).toContain('<h1>No-go: Linkerd 2.17 -&gt; 2.18 (proxies v2.268.0 -&gt; v2.294.0)</h1>');
    expect(visible(page)).toContain('NO-GO 2 reasons against it, 1 thing to know');
    expect(poorFigures(page)).toEqual([]);
  });

  it.each([
    ['go', 'good'],
    ['undecided', 'unsure'],
  ] as const)('of %s looks %s', async (decision, mood) => {
    const page = await renderUpgradeHtml(sampleUpgrade({ decision, reasons: [] }));
    expect(page).toContain(`<header class="${mood}">`);
  });

  it('says each reason once, in one line, with the rest folded and what to do below', async () => {
    const text = `Two queries break: ${'each of them selects nothing, '.repeat(8)}at all. And more.`;
    const reason = { weight: 'blocks' as const, about: 'query' as const, text, remedy: 'write them anew' };
    const page = await renderUpgradeHtml(sampleUpgrade({ reasons: [reason] }));
    const [item] = /<li><span class="badge fail">blocks<\/span>[\s\S]*?<\/li>/.exec(page)!;
    expect(item).toMatch(/^[^\n]{60,160}…<details><summary>All of it<\/summary>/);
    expect(item).toContain(`<p>${text}</p>`);
    expect(item).toContain('<p><b>Do</b> write them anew</p>');
    const short = await renderUpgradeHtml(sampleUpgrade());
    expect(short).not.toContain('All of it');
    expect(short.split('HighErrorRate of rules.yaml selects nothing any more')).toHaveLength(2);
  });

  it('has each phase beside the others, flow by flow, with requests and failures', async () => {
    const [before, after, , during] = sampleScenarioUpgrade().runs;
    const flow = during!.flows[0]!;
    const missing = { ...during!, failed: 7, flows: [{ ...flow, prometheus: 1190, verdict: 'fail' as const }] };
    const runs = [before!, after!, missing];
    const page = visible(await renderUpgradeHtml(sampleUpgrade({ scenarios: [sampleScenarioUpgrade({ runs })] })));
    expect(page).toContain('During pass 1 600 7 0/1 1');
    expect(page).toMatch(/200 inbound pass 1,200 of 1,200 fail 1,190 of 1,200 pass 1,200 of 1,200/);
  });

  it('sets lost requests by moment and cause, and their mark into the roll-out', async () => {
    const scenario = sampleScenarioUpgrade();
    const page = await renderUpgradeHtml(sampleUpgrade({ scenarios: [scenario] }));
    expect(visible(page)).toContain('4.21 s shop/web -> shop/pay /charge connection shop/pay-old was leaving');
    expect(page).toContain('requests lost</text>');
    const marks = (text: string) => text.match(/stroke="var\(--bad\)"/g)?.length ?? 0;
    const twice = { ...scenario.lost, lost: [...scenario.lost.lost, { ...scenario.lost.lost[0]!, atMs: 6000 }] };
    const more = await renderUpgradeHtml(sampleUpgrade({ scenarios: [{ ...scenario, lost: twice }] }));
    expect(marks(more)).toBe(marks(page) + 1);
    const none = { ...scenario, lost: { ...scenario.lost, lost: [] } };
    const quiet = await renderUpgradeHtml(sampleUpgrade({ scenarios: [none] }));
    expect(visible(quiet)).toContain('No request was lost meanwhile');
  });

  it('folds the queries that say the same, and opens the broken ones', async () => {
    const fine = sampleQuery({ outcome: 'same', broken: false, place: 'fine.yaml', reason: '', rewrite: null });
    const page = await renderUpgradeHtml(sampleUpgrade({ queries: [fine, sampleQuery()] }));
    const folds = [...page.matchAll(/<details[^>]*>[\s\S]*?<\/details>/g)].map(([fold]) => fold).join('');
    expect(folds).toContain('fine.yaml');
    expect(folds).not.toContain('HighErrorRate');
  });

  it('has little to say of one that broke off at once', async () => {
    const error = { code: 'X', message: 'no mesh', hint: 'look' };
    const page = await renderUpgradeHtml(sampleUpgrade({ scenarios: [], queries: [], decision: 'undecided', error }));
    expect(visible(page)).toContain('error X: no mesh. look');
    expect(page).not.toContain('<svg');
  });

  it('escapes whatever a record holds', async () => {
    const page = await renderUpgradeHtml(hostile(sampleUpgrade(), upgradeSchema));
    expect(foreign(page)).toEqual([]);
    expect(page).toContain('&lt;script&gt;');
  });

  it('can be made of any record', async () => {
    await fc.assert(
      fc.asyncProperty(arbitraryUpgrade, async (result) => {
        const page = await renderUpgradeHtml(result);
        expect(foreign(page)).toEqual([]);
        expect(poorFigures(page)).toEqual([]);
      }),
      { numRuns: 12 },
    );
  });

  it('leaves no hole', async () => expect(holes(await renderUpgradeHtml(sampleUpgrade()))).toEqual([]));
});
