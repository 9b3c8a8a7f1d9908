import { chmodSync, cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { sampleRecord } from '../../matrix/testing/samples.ts';
import { writeCapacity, writeScrape } from '../../result/bench/write.ts';
import { sampleCapacity, sampleScrape } from '../../result/testing/bench-sample.ts';
import { sampleMicro } from '../../result/testing/micro-sample.ts';
import { sampleResult } from '../../result/testing/sample.ts';
import { sampleUpgrade } from '../../result/testing/upgrade-sample.ts';
import { writeUpgrade } from '../../result/upgrade/write.ts';
import { writeResult } from '../../result/write.ts';
import { runCli } from '../program.ts';

let dir: string;
let results: string;
let opened: string[];
beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'meshproof-report-'));
  results = join(dir, 'results');
  opened = [];
  for (const name of ['monday', 'tuesday']) await writeResult(folder(name), sampleResult());
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

function folder(...path: string[]): string {
  const made = join(results, ...path);
  mkdirSync(made, { recursive: true });
  return made;
}

const opens = async (path: string): Promise<string> => {
  opened.push(path);
  return '';
};

async function report(args: string[], open = opens): Promise<{ code: number; stdout: string; stderr: string }> {
  const written = { stdout: '', stderr: '' };
  const output = (name: 'stdout' | 'stderr') => ({
    write: (text: string) => {
      written[name] += text;
    },
  });
  const code = await runCli(['report', ...args], {
    ...{ stdout: output('stdout'), stderr: output('stderr'), env: {}, open },
    ...{ loadPipeline: () => expect.unreachable(), signals: process, killChildren: () => {} },
    exitNow: () => expect.unreachable(),
  });
  return { code, ...written };
}

const read = (...path: string[]) => readFileSync(join(results, ...path), 'utf8');

describe('meshproof report of one run', () => {
  it('makes its page from its record, named by its folder or its file, and changes nothing else', async () => {
    const before = read('monday', 'result.json');
    for (const place of ['monday', join('monday', 'result.json')]) {
      rmSync(join(results, 'monday', 'report.html'), { force: true });
      const { code, stdout, stderr } = await report([join(results, place)]);
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      expect(stdout).toBe(`report: ${join(results, 'monday', 'report.html')}\n`);
      expect(read('monday', 'report.html')).toMatch(/^<!DOCTYPE html>[\s\S]*<\/html>\n$/);
    }
    expect(readdirSync(join(results, 'monday')).sort()).toEqual(['report.html', 'result.json']);
    expect(read('monday', 'result.json')).toBe(before);
    expect(readdirSync(results)).toEqual(['monday', 'tuesday']);
  });

  it('makes the other forms that are asked for, and says which there are not', async () => {
    await writeCapacity(folder('capacity'), { ...sampleCapacity(), atLeast: 82 });
    const run = await report([join(results, 'monday'), '--reporter', 'junit,markdown']);
    expect(run.code).toBe(0);
    expect(readdirSync(join(results, 'monday')).sort()).toEqual(['junit.xml', 'result.json', 'summary.md']);
    const capacity = await report([join(results, 'capacity'), '--reporter', 'junit,markdown']);
    expect(capacity.code).toBe(0);
    expect(capacity.stdout).toContain('its record is a CapacityResult');
    expect(readdirSync(join(results, 'capacity')).sort()).toEqual(['capacity.json', 'summary.md']);
    // What it was to carry is in its record.
    expect(read('capacity', 'summary.md')).toContain('82/s');
  });

  it('makes a page of one scenario alone in its folder, and says where there is no such scenario', async () => {
    const { name } = sampleResult().scenarios[1]!;
    folder('monday', name);
    folder('monday', 'other');
    const { code, stdout, stderr } = await report([join(results, 'monday', name)]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toBe(`report: ${join(results, 'monday', name, 'report.html')}\n`);
    expect(readdirSync(join(results, 'monday')).sort()).toEqual([name, 'other', 'result.json'].sort());
    const page = read('monday', name, 'report.html');
    expect(page).toContain('<h1>Fail: 1 of 1 scenario failed');
    expect(page).not.toContain(sampleResult().scenarios[0]!.name);
    const none = await report([join(results, 'monday', 'other')]);
    expect(none.code).toBe(2);
    expect(none.stderr).toContain('its run has no scenario other');
  });

  it('knows every kind of record', async () => {
    await writeUpgrade(folder('kinds', 'upgrade'), sampleUpgrade());
    await writeResult(folder('kinds', 'upgrade', 'small', 'before-1'), sampleResult());
    await writeCapacity(folder('kinds', 'capacity'), sampleCapacity());
    await writeScrape(folder('kinds', 'scrape'), sampleScrape());
    writeFileSync(join(folder('kinds', 'faults'), 'faults.json'), JSON.stringify(sampleRecord()));
    const { code, stdout, stderr } = await report([join(results, 'kinds'), '--reporter', 'html,markdown']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/upgrade\/report\.html \(and of 1 run in it\)/);
    expect(stdout).toMatch(/index: \S+kinds\/index\.html \(4 runs\)/);
    const kinds = ['capacity', 'faults', 'scrape', 'upgrade'];
    for (const kind of kinds) expect(read('kinds', kind, 'report.html')).toContain('</html>');
    expect(read('kinds', 'upgrade', 'small', 'before-1', 'summary.md')).toContain('fail');
    expect(read('kinds', 'faults', 'faults.md')).toMatch(/^# /);
    for (const kind of kinds) expect(read('kinds', 'index.html')).toContain(`href="${kind}/report.html"`);
  });
});

describe('meshproof report of several runs', () => {
  it('adds an index of a folder of runs, with links to their pages', async () => {
    const { code, stdout } = await report([results]);
    expect(code).toBe(0);
    expect(stdout.split('\n').at(-2)).toBe(`index: ${join(results, 'index.html')} (2 runs)`);
    const index = read('index.html');
    for (const name of ['monday', 'tuesday']) {
      expect(index).toContain(`href="${name}/report.html"`);
      expect(read(name, 'report.html')).toContain('</html>');
    }
  });

  it('puts the index beside the runs, or where it is said to', async () => {
    const both = [join(results, 'monday'), join(results, 'tuesday')];
    await report(both);
    expect(read('index.html')).toContain('href="monday/report.html"');
    await writeResult(folder('other', 'wednesday'), sampleResult());
    const apart = [join(results, 'monday'), join(results, 'other', 'wednesday')];
    const refused = await report(apart);
    expect(refused).toMatchObject({
      code: 2,
      stdout: '',
      stderr: expect.stringMatching(/USAGE: .*hint: .*--out FILE/s),
    });
    const out = join(dir, 'new', 'week.html');
    expect((await report([...apart, '--out', out])).code).toBe(0);
    expect(readFileSync(out, 'utf8')).toContain('href="../results/other/wednesday/report.html"');
    expect((await report([both[0]!, '--out', dir])).stdout).toContain(`index: ${join(dir, 'index.html')} (1 run)`);
  });

  it('looks into folders of folders, but not into links and hidden ones, and takes each run once', async () => {
    await writeResult(folder('ci', 'thursday'), sampleResult());
    await writeResult(folder('.trash', 'friday'), sampleResult());
    const { stdout } = await report([results, join(results, 'monday'), '--out', join(dir, 'i.html')]);
    expect(stdout).toContain('(3 runs)');
    expect(stdout).not.toContain('friday');
  });

  it('names what is broken, and makes the rest', async () => {
    writeFileSync(join(folder('cut'), 'result.json'), '{"apiVersion":');
    const newer = { ...sampleResult(), apiVersion: 'meshproof/v2' };
    writeFileSync(join(folder('newer'), 'result.json'), JSON.stringify(newer));
    cpSync(join(results, 'monday'), folder('two'), { recursive: true });
    await writeCapacity(folder('two'), sampleCapacity());
    const { code, stdout, stderr } = await report([results]);
    expect(code).toBe(2);
    expect(stderr).toMatch(/^error RESULT_INVALID: \S+cut\/result\.json is not JSON/m);
    expect(stderr).toMatch(/^error RESULT_INVALID: \S+newer\/result\.json has apiVersion "meshproof\/v2"/m);
    expect(stderr).toMatch(/^error RESULT_AMBIGUOUS: \S+two holds several records: result\.json, capacity\.json/m);
    expect(stdout).toContain('index.html (2 runs)');
    expect(read('index.html')).not.toContain('cut/');
  });

  it('makes an index of what is left of several places', async () => {
    const { code, stdout, stderr } = await report([join(results, 'monday'), join(results, 'gone')]);
    expect(code).toBe(2);
    expect(stderr).toMatch(/^error RESULT_NOT_READABLE: \S+gone: there is no such/);
    expect(stdout).toContain(`index: ${join(results, 'index.html')} (1 run)`);
  });

  it('makes the rest of an upgrade when one of its runs is broken', async () => {
    await writeUpgrade(folder('upgrade'), sampleUpgrade());
    await writeResult(folder('upgrade', 'small', 'before-1'), sampleResult());
    writeFileSync(join(folder('upgrade', 'small', 'after-1'), 'result.json'), 'null');
    const { code, stdout, stderr } = await report([join(results, 'upgrade')]);
    expect(code).toBe(2);
    expect(stderr).toContain('after-1/result.json');
    expect(stdout).toContain('(and of 1 run in it)');
  });
});

describe('what can not be reported on', () => {
  it.each<[string, string[], RegExp]>([
    ['nothing there', ['none'], /RESULT_NOT_READABLE: \S+none: there is no such file or folder/],
    ['an empty folder', ['empty'], /RESULT_NOT_READABLE: \S+empty holds no record, and no folder in it does/],
    ['several records', ['several'], /RESULT_AMBIGUOUS: .*several holds several records: result\.json, scrape\.json/],
    ['a benchmark of the project', ['micro.json'], /NO_REPORT: benchmarks of the project/],
    ['no JSON', ['text.json'], /RESULT_INVALID: .*text\.json is not JSON/],
  ])('%s', async (_, places, message) => {
    folder('empty', 'deep', 'er');
    await writeScrape(folder('several'), sampleScrape());
    await writeResult(folder('several'), sampleResult());
    writeFileSync(join(results, 'micro.json'), JSON.stringify(sampleMicro()));
    writeFileSync(join(results, 'text.json'), 'text');
    const { code, stdout, stderr } = await report([...places.map((place) => join(results, place)), '--open']);
    expect(stderr).toMatch(message);
    expect(stderr).toMatch(/\n {2}hint: /);
    expect({ code, stdout, opened }).toEqual({ code: 2, stdout: '', opened: [] });
  });

  it.each([
    [[], /USAGE: missing required argument 'dir'/],
    [['x', '--reporter', 'json'], /USAGE: .*no reporter json; there are html, junit, markdown/],
  ])('%j', async (args, message) => {
    expect(await report(args)).toMatchObject({ code: 2, stdout: '', stderr: expect.stringMatching(message) });
  });

  it('a folder that can not be written is the environment, and does not stop the others', async () => {
    // A folder where the file should be: root may write everywhere else.
    mkdirSync(join(results, 'monday', 'report.html'));
    const { code, stdout, stderr } = await report([results]);
    expect(stderr).toMatch(/^error RESULTS_NOT_WRITABLE: \S+monday\/report\.html.*\n {2}hint: a report stands beside/m);
    expect(stdout).toContain('(1 run)');
    expect(code).toBe(4);
    expect(readdirSync(join(results, 'monday')).sort(), 'no temporary file stays').toEqual([
      'report.html',
      'result.json',
    ]);
  });

  // Nothing is forbidden to root.
  it.skipIf(process.getuid?.() === 0)('nor one without permission', async () => {
    chmodSync(join(results, 'monday'), 0o555);
    expect((await report([join(results, 'monday')])).code).toBe(4);
    chmodSync(join(results, 'monday'), 0o755);
  });
});

describe('--open', () => {
  it('opens the page, or the index', async () => {
    await report([join(results, 'monday'), '--open']);
    await report([results, '--open']);
    expect(opened).toEqual([resolve(results, 'monday', 'report.html'), resolve(results, 'index.html')]);
    await report([results]);
    expect(opened).toHaveLength(2);
  });

  it('says where it is when it can not be opened, which is no failure', async () => {
    const place = join(results, 'monday');
    const { code, stderr } = await report([place, '--open'], async () => 'there is no xdg-open on PATH');
    expect(stderr).toBe(
      `not opened: there is no xdg-open on PATH; it is ${pathToFileURL(join(place, 'report.html')).href}\n`,
    );
    expect(code).toBe(0);
  });
});
