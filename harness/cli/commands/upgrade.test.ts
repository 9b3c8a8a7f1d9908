import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { sampleScenarioUpgrade, sampleUpgrade } from '../../result/testing/upgrade-sample.ts';
import { exitCodeOfUpgrade } from '../exit-code.ts';
import { runCli } from '../program.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'meshproof-upgrade-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

async function upgrade(args: string[]): Promise<{ code: number; stderr: string; stdout: string }> {
  const written = { stdout: '', stderr: '' };
  const output = (name: 'stdout' | 'stderr') => ({
    write: (text: string) => {
      written[name] += text;
    },
  });
  const code = await runCli(['upgrade', ...args, '--out', join(dir, 'out')], {
    ...{ stdout: output('stdout'), stderr: output('stderr'), env: {} },
    ...{ loadPipeline: () => expect.unreachable(), signals: process, killChildren: () => {} },
    exitNow: () => expect.unreachable(),
  });
  return { code, ...written };
}

describe('meshproof upgrade', () => {
  it.each<[string[], RegExp]>([
    [[], /nothing is said to be upgraded/],
    [['--from', '2.18'], /--from and --to go together/],
    [['--to', '2.18'], /--from and --to go together/],
    [['--from', '2.17', '--to', '2.99'], /UNKNOWN_MESH_VERSION: no profile of mesh version "2.99"; known: .*2\.18/],
    [['--from', '1.0', '--to', '2.18'], /no profile of mesh version "1.0"/],
    [['--from', '2.18', '--to', '2.18'], /EQUAL_VERSIONS: there is nothing to upgrade/],
    [['--from', '2.20', '--to', 'v2.359.0'], /EQUAL_VERSIONS.*same version/],
    [['--prometheus-to', 'p', '--environment', 'kind'], /of no use in a cluster/],
    [['--from', '2.17', '--to', '2.18', '--context', 'staging'], /add --from-cluster/],
    [['--from', '2.17', '--to', '2.18', '--from-prometheus', 'p:9090'], /--from-prometheus: p:9090 is no URL/],
    [['--from', '2.17', '--to', '2.18', '--from-prometheus-ca', 'x'], /add --from-prometheus URL/],
    [['--from', '2.17', '--to', '2.18', '--repeat', '0'], /whole number from 1/],
    [['--from', '2.17', '--to', '2.18', '--max-latency-increase', 'much'], /percentage/],
    [['--from', '2.17', '--to', '2.18', join('no', 'such.yaml')], /no\/such\.yaml/],
  ])('refuses %j at once, and leaves no folder of a run', async (args, message) => {
    const refused = await upgrade(args);
    expect(refused).toMatchObject({ code: 2, stdout: '', stderr: expect.stringMatching(message) });
    const out = join(dir, 'out');
    expect(existsSync(out) ? readdirSync(out) : []).toEqual([]);
  });

  it('explains itself', async () => {
    const { code, stdout } = await upgrade(['--help']);
    expect(code).toBe(0);
    expect(stdout).toContain('0 go, 1 no-go, 2 invalid input, 3 undecided');
  });
});

describe('exit codes', () => {
  const error = { code: 'CHILD_DIED', message: 'm', hint: 'h' };
  const ran = (broken: boolean) => {
    const scenario = sampleScenarioUpgrade();
    const runs = scenario.runs.map((run) => (broken ? { ...run, error } : run));
    return [{ ...scenario, runs }];
  };

  it.each([
    ['go', {}, 0],
    ['no-go', {}, 1],
    ['undecided', {}, 3],
    ['undecided', { error }, 4],
    ['undecided', { scenarios: ran(true) }, 4],
    ['no-go', { scenarios: ran(true) }, 1],
    ['no-go', { error: { ...error, code: 'INTERRUPTED' } }, 130],
  ] as const)('%s with %j is %i', (decision, change, code) => {
    expect(exitCodeOfUpgrade(sampleUpgrade({ scenarios: ran(false), ...change, decision }))).toBe(code);
  });
});
