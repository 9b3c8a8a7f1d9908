import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { sampleCapacity, sampleCapacitySide, sampleScrape } from '../../result/testing/bench-sample.ts';
import { runCli } from '../program.ts';
import { exitCodeOfCapacity } from './bench-capacity.ts';
import { exitCodeOfScrape } from './bench-scrape.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'meshproof-bench-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

async function bench(args: string[]): Promise<{ code: number; stderr: string; stdout: string }> {
  const written = { stdout: '', stderr: '' };
  const output = (name: 'stdout' | 'stderr') => ({
    write: (text: string) => {
      written[name] += text;
    },
  });
  const code = await runCli(['bench', ...args], {
    ...{ stdout: output('stdout'), stderr: output('stderr'), env: {} },
    ...{ loadPipeline: () => expect.unreachable(), signals: process, killChildren: () => {} },
    exitNow: () => expect.unreachable(),
  });
  return { code, ...written };
}

describe('meshproof bench', () => {
  it.each<[string[], RegExp]>([
    [[], /meshproof bench is not all of a command: add capacity or scrape/],
    [['speed'], /unknown command 'speed'/],
    [['capacity', '--p99', '250'], /250ms.*meshproof bench capacity --help/s],
    [['capacity', '--p99', '0s'], /more than 0/],
    [['capacity', '--success-rate', '101%'], /over 100 %/],
    [['capacity', '--start-rate', '10/s', '--max-rate', '5/s'], /--start-rate is outside/],
    [['capacity', '--min-rate', '10/s', '--max-rate', '5/s'], /--min-rate is not below --max-rate/],
    [['capacity', '--of', 'nobody'], /no service nobody\n.*it has shop\/web/],
    [['capacity', '--reporter', 'junit'], /no reporter junit; there are terminal, json, markdown/],
    [['capacity', join('no', 'such.yaml')], /no\/such\.yaml/],
    [['capacity', 'scenarios/upgrade', 'b.yaml'], /too many arguments/],
    [['scrape', '--interval', '10s'], /no number of pods/],
    [['scrape', '--targets', '10,,20'], /without an empty place/],
    [['scrape', '--targets', '0'], /whole number from 1/],
    [['scrape', '--every', '5'], /5s/],
    [['scrape', '--mesh-version', '2.20,2.99'], /UNKNOWN_MESH_VERSION: no profile of mesh version "2.99"/],
    [['scrape', '--rules', join('no', 'such.yaml')], /BAD_RULES: .*no\/such\.yaml/s],
    [['scrape', '--model', join('no', 'such'), '--pods', '5'], /no\/such\/scrape\.json.*results\/<run>\/scrape\.json/s],
  ])('refuses %j at once, and leaves no folder of a run', async (args, message) => {
    const out = join(dir, 'out');
    const refused = await bench(args.length > 1 ? [...args, '--out', out] : args);
    expect(refused).toMatchObject({ code: 2, stdout: '', stderr: expect.stringMatching(message) });
    expect(existsSync(out) ? readdirSync(out) : []).toEqual([]);
  });

  it.each([
    ['capacity', '--k6'],
    ['scrape', '--prometheus'],
  ])('leaves no folder of a run when %s is given a program that is not there', async (name, option) => {
    const out = join(dir, 'out');
    const refused = await bench([name, option, join(dir, 'none'), '--out', out]);
    expect(refused).toMatchObject({ code: 4, stdout: '', stderr: expect.stringContaining('TOOL_UNUSABLE') });
    expect(readdirSync(out)).toEqual([]);
  });

  it('answers from an earlier sweep, and measures nothing', async () => {
    writeFileSync(join(dir, 'scrape.json'), JSON.stringify(sampleScrape()));
    const { code, stdout } = await bench(['scrape', '--model', dir, '--pods', '100', '--edges', '2']);
    expect(stdout).toMatch(/^Predicted: 100 pods with 2 edges each every 10 s, Linkerd 2\.20\n/);
    expect(stdout).toContain('CPU of Prometheus:');
    expect(code).toBe(0);
  });

  it('says that a sweep was too small to answer by', async () => {
    writeFileSync(join(dir, 'scrape.json'), JSON.stringify(sampleScrape({ model: null })));
    const { code, stderr } = await bench(['scrape', '--model', dir, '--pods', '100']);
    expect(stderr).toMatch(/NO_MODEL: .*2 points were too few/);
    expect(code).toBe(2);
  });

  it.each(['capacity', 'scrape'])('%s explains itself', async (name) => {
    const { code, stdout } = await bench([name, '--help']);
    expect(code).toBe(0);
    expect(stdout).toContain('Exit codes: 0');
  });
});

describe('exit codes', () => {
  const error = { code: 'CHILD_DIED', message: 'm', hint: 'h' };
  const interrupted = { ...error, code: 'INTERRUPTED' };
  const open = sampleCapacity({ sides: [sampleCapacitySide({ converged: false })] });
  const none = sampleCapacity({ sides: [sampleCapacitySide({ capacity: null })] });

  const [point] = sampleCapacitySide().points;
  const nothing = sampleCapacity({
    sides: [
      sampleCapacitySide({
        ...{ capacity: null, converged: false },
        points: [1, 2].map((index) => ({ ...point!, index, offeredPerSecond: 10, sustained: false })),
      }),
    ],
  });

  it.each([
    [sampleCapacity(), null, 0],
    [sampleCapacity(), 78, 0],
    [sampleCapacity(), 80, 3],
    [sampleCapacity(), 90, 1],
    [open, null, 3],
    [open, 90, 3],
    [none, null, 3],
    [sampleCapacity({ sides: [] }), null, 3],
    [nothing, 200, 1],
    [nothing, 5, 3],
    [nothing, null, 3],
    [sampleCapacity({ error }), 78, 4],
    [sampleCapacity({ error: interrupted }), null, 130],
  ])('of a capacity: case %# with at least %s', (record, atLeast, code) => {
    expect(exitCodeOfCapacity(record, atLeast)).toBe(code);
  });

  it.each([
    [sampleScrape(), true, 0],
    [sampleScrape({ model: null }), true, 3],
    [sampleScrape({ model: null }), false, 0],
    [sampleScrape({ points: [] }), false, 4],
    [sampleScrape({ error }), true, 4],
    [sampleScrape({ error: interrupted }), true, 130],
  ])('of scraping: case %#', (record, asked, code) => {
    expect(exitCodeOfScrape(record, asked)).toBe(code);
  });
});
