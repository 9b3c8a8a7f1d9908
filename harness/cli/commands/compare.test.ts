import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { CapacityResult } from '../../result/bench/types.ts';
import { writeCapacity } from '../../result/bench/write.ts';
import { sampleCapacity, sampleCapacitySide } from '../../result/testing/bench-sample.ts';
import { sampleResult } from '../../result/testing/sample.ts';
import { writeResult } from '../../result/write.ts';
import { runCli } from '../program.ts';

let dir: string;
beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'meshproof-compare-'));
  for (const [name, value] of Object.entries({ old: 80, new: 60, similar: 81 })) {
    mkdirSync(join(dir, name));
    await writeCapacity(join(dir, name), carrying(value));
  }
  mkdirSync(join(dir, 'run'));
  await writeResult(join(dir, 'run'), sampleResult());
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

function carrying(value: number): CapacityResult {
  const capacity = { value, low: value - 2, high: value + 2, level: 0.95 };
  return sampleCapacity({ sides: [sampleCapacitySide({ capacity })], price: null });
}

async function compare(...args: string[]): Promise<{ code: number; stderr: string; stdout: string }> {
  const written = { stdout: '', stderr: '' };
  const output = (name: 'stdout' | 'stderr') => ({
    write: (text: string) => {
      written[name] += text;
    },
  });
  const code = await runCli(['compare', ...args, '--out', dir], {
    ...{ stdout: output('stdout'), stderr: output('stderr'), env: {} },
    ...{ loadPipeline: () => expect.unreachable(), signals: process, killChildren: () => {} },
    exitNow: () => expect.unreachable(),
  });
  return { code, ...written };
}

describe('meshproof compare', () => {
  it('takes files, folders, and names of folders of results', async () => {
    const file = join(dir, 'old', 'capacity.json');
    for (const a of [file, join(dir, 'old'), 'old']) {
      const { code, stdout, stderr } = await compare(a, 'new');
      expect(stdout).toMatch(/^Two capacities: 1 row differs beyond the noise \(1 for the worse\)/);
      expect(stdout).toMatch(/^capacity, meshed +80\/s +60\/s +-25% +±3\.5% +WORSE$/m);
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    }
  });

  it.each([
    ['new', 1],
    ['similar', 0],
    ['old', 0],
  ])('with --fail-on-difference ends as B is worse: %s, %i', async (b, code) => {
    expect((await compare('old', b, '--fail-on-difference')).code).toBe(code);
  });

  it('does not fail for what is better', async () => {
    const { code, stdout } = await compare('new', 'old', '--fail-on-difference');
    expect(stdout).toContain('BETTER');
    expect(code).toBe(0);
  });

  it('prints JSON and Markdown', async () => {
    const json = JSON.parse((await compare('old', 'new', '--reporter', 'json')).stdout);
    expect(json).toMatchObject({ kind: 'Comparison', of: 'CapacityResult', a: 'old', b: 'new' });
    expect(json.rows[0]).toMatchObject({ what: 'capacity, meshed', says: 'differs', direction: 'worse' });
    expect((await compare('old', 'new', '--reporter', 'markdown')).stdout).toMatch(/^# ❌ Two capacities/);
  });

  it.each<[string, string[], RegExp]>([
    ['nothing there', ['old', 'none'], /RESULT_NOT_READABLE: none: there is no such file or folder, neither here nor/],
    ['an empty folder', ['old', 'empty'], /RESULT_NOT_READABLE: \S+empty holds no record/],
    [
      'several records',
      ['old', 'several'],
      /RESULT_AMBIGUOUS: .*several holds several records: result.json, capacity.json/,
    ],
    ['other kinds', ['old', 'run'], /KINDS_DIFFER: old is a CapacityResult, and run is a Result/],
    ['no JSON', ['old', 'text.json'], /RESULT_INVALID: .*text\.json is not JSON/],
    ['no result', ['old', 'other.json'], /RESULT_INVALID: .*other\.json is no result of meshproof: it is JSON/],
    ['another kind of thing', ['old', 'scenario.json'], /is no result of meshproof: it is a "Scenario"/],
    ['a newer result', ['old', 'newer.json'], /apiVersion "meshproof\/v2"/],
    ['one argument', ['old'], /USAGE: missing required argument 'b'/],
    ['an unknown reporter', ['old', 'new', '--reporter', 'junit'], /USAGE: .*junit/],
  ])('refuses %s', async (_, args, message) => {
    mkdirSync(join(dir, 'empty'));
    mkdirSync(join(dir, 'several'));
    await writeCapacity(join(dir, 'several'), sampleCapacity());
    await writeResult(join(dir, 'several'), sampleResult());
    writeFileSync(join(dir, 'text.json'), 'text');
    writeFileSync(join(dir, 'other.json'), 'null');
    writeFileSync(join(dir, 'scenario.json'), '{"kind":"Scenario"}');
    writeFileSync(join(dir, 'newer.json'), '{"kind":"CapacityResult","apiVersion":"meshproof/v2"}');
    const { code, stdout, stderr } = await compare(...args);
    expect(stderr).toMatch(message);
    expect(stderr).toMatch(/\n {2}hint: /);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  });

  it('explains itself', async () => {
    const { code, stdout } = await compare('--help');
    expect(code).toBe(0);
    expect(stdout).toContain('Exit codes: 0 they were compared; 1 with --fail-on-difference');
  });
});
