import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { sampleTimeline } from '../report/html/testing/suite-sample.ts';
import { sampleResult } from '../result/testing/sample.ts';
import { sampleUpgrade } from '../result/testing/upgrade-sample.ts';
import { writeTimeline } from '../result/timeline/write.ts';
import { writeResult } from '../result/write.ts';
import { HtmlReport, type renderHtml, timelinesOf } from './html-report.ts';

let dir: string;
let said: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'meshproof-html-'));
  said = '';
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const stderr = {
  write: (text: string) => {
    said += text;
  },
};

/** Pages with the kind of their record alone. */
const plain: typeof renderHtml = async (record) => record.kind;

function reporter(change: { leftMs?: number; wanted?: boolean; render?: typeof renderHtml } = {}): HtmlReport {
  const { leftMs = Number.POSITIVE_INFINITY, wanted = true, render = plain } = change;
  const interruption = { signal: new AbortController().signal, leftMs };
  return new HtmlReport(wanted ? ['json', 'html'] : ['json', 'junit'], interruption, { stderr, env: {} }, render);
}

const page = (...path: string[]) => readFileSync(join(dir, ...path, 'report.html'), 'utf8');

async function upgradeWithRuns(...runs: string[]): Promise<void> {
  for (const run of runs) {
    mkdirSync(join(dir, 'small', run), { recursive: true });
    await writeResult(join(dir, 'small', run), sampleResult());
  }
}

describe('report.html', () => {
  it('is written when it is asked for', async () => {
    await reporter({ wanted: false }).write(dir, sampleResult());
    expect(readdirSync(dir)).toEqual([]);
    await reporter().write(dir, sampleResult());
    expect(readdirSync(dir)).toEqual(['report.html']);
    expect(page()).toBe('Result');
    expect(said).toBe('');
  });

  it("is written for an upgrade's runs too, and for nothing that is no run", async () => {
    await upgradeWithRuns('before-1', 'during');
    mkdirSync(join(dir, 'small', 'before-1', 'pages'));
    await reporter().write(dir, sampleUpgrade());
    expect([page(), page('small', 'before-1'), page('small', 'during')]).toEqual(['UpgradeResult', 'Result', 'Result']);
    expect(readdirSync(join(dir, 'small'))).toEqual(['before-1', 'during']);
  });

  it('is missing with a warning when it cannot be made, and nothing else is', async () => {
    await upgradeWithRuns('before-1');
    const broken: typeof renderHtml = async (record) => {
      if (record.kind === 'Result') return 'page';
      throw new TypeError('no such\nthing');
    };
    await reporter({ render: broken }).write(dir, sampleUpgrade());
    expect(said).toBe(`warning: ${dir}/report.html could not be made: no such thing\n`);
    expect(readdirSync(dir)).toEqual(['small']);
    expect(page('small', 'before-1')).toBe('page');
  });

  it('is missing with a warning where the record of a run is broken', async () => {
    await upgradeWithRuns('before-1', 'after-1');
    writeFileSync(join(dir, 'small', 'after-1', 'result.json'), '{');
    await reporter().write(dir, sampleUpgrade());
    expect(said).toMatch(/^warning: \S+after-1\/report\.html could not be made: .*is not JSON.*\n$/);
    expect(page('small', 'before-1')).toBe('Result');
  });

  it('is an error, as every file of the folder, when it cannot be written', async () => {
    const gone = reporter().write(join(dir, 'gone'), sampleResult());
    await expect(gone).rejects.toMatchObject({ code: 'RESULTS_NOT_WRITABLE', exitCode: 4 });
  });

  it('is left out when an interruption leaves no time for it, which is said once', async () => {
    await upgradeWithRuns('before-1');
    await reporter({ leftMs: 999 }).write(dir, sampleUpgrade());
    expect(said).toBe(`report.html is left out for want of time; \`meshproof report ${dir}\` makes it\n`);
    expect(readdirSync(dir)).toEqual(['small']);
    await reporter({ leftMs: 3000 }).write(dir, sampleUpgrade());
    expect(page()).toBe('UpgradeResult');
  });
});

describe('what happened over time', () => {
  it("is found in the folders of scenarios, and in that of a part's one scenario", async () => {
    const [first, second] = sampleResult().scenarios;
    const both = { ...sampleResult(), scenarios: [first!, second!] };
    mkdirSync(join(dir, second!.name));
    await writeTimeline(join(dir, second!.name), sampleTimeline(second!));
    expect([...(await timelinesOf(both, dir)).keys()]).toEqual([second!.name]);
    const one = { ...sampleResult(), scenarios: [first!] };
    expect((await timelinesOf(one, dir)).size).toBe(0);
    await writeTimeline(dir, sampleTimeline(first!));
    expect([...(await timelinesOf(one, dir)).keys()]).toEqual([first!.name]);
    // It may be that of any of them.
    rmSync(join(dir, second!.name), { recursive: true });
    expect((await timelinesOf(both, dir)).size).toBe(0);
  });
});
