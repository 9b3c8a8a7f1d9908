import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readResult } from '../result/read.ts';
import { readUpgrade } from '../result/upgrade/read.ts';
import type { UpgradeResult } from '../result/upgrade/types.ts';
import { processesOf } from './testing/lifecycle.ts';
import { type CliProcess, ROOT, startCli } from './testing/spawn.ts';

/** The whole command `upgrade`, with the real pipeline in `local`. */
const SMALL = `apiVersion: meshproof/v1
kind: Scenario
metadata: { name: small, description: A small world. }
namespace: shop
seed: 5
mesh: { scrapeInterval: 1s }
services:
  - name: web
    calls: [{ service: cart }]
  - { name: cart }
traffic:
  - { executor: constant-arrival-rate, target: web, rate: 10/s, duration: 5s }
`;

const RULES = `groups:
  - name: shop
    rules:
      - record: workload:request_rate
        expr: sum by (deployment) (rate(request_total{direction="inbound"}[30s]))
      - alert: NoRequests
        expr: workload:request_rate == 0
`;

let dir: string;
let running: CliProcess[] = [];
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'meshproof-upgrade-test-'));
  mkdirSync(join(dir, 'in'));
});
afterEach(() => {
  for (const { process } of running) process.kill('SIGKILL');
  running = [];
  rmSync(dir, { recursive: true, force: true });
});

function file(name: string, text: string): string {
  const path = join(dir, 'in', name);
  writeFileSync(path, text);
  return path;
}

function start(args: string[]): CliProcess {
  const { HOME, XDG_CACHE_HOME, MESHPROOF_K6, MESHPROOF_PROMETHEUS } = process.env;
  const given = Object.entries({ HOME, XDG_CACHE_HOME, MESHPROOF_K6, MESHPROOF_PROMETHEUS });
  const known = given.filter((entry): entry is [string, string] => entry[1] !== undefined);
  const env = { ...Object.fromEntries(known), XDG_RUNTIME_DIR: dir };
  // Relative, as the folder is that everybody uses.
  const out = relative(ROOT, join(dir, 'out'));
  const run = startCli(['upgrade', file('small.yaml', SMALL), '--out', out, ...args], { env });
  running.push(run);
  return run;
}

function folder(): string {
  const [only, ...more] = readdirSync(join(dir, 'out'));
  expect(more).toEqual([]);
  return join(dir, 'out', only!);
}

const record = (): Promise<UpgradeResult> => readUpgrade(join(folder(), 'upgrade.json'));

describe('meshproof upgrade', { timeout: 240_000 }, () => {
  it('goes from 2.20 to edge-26.8.3 with rules that stay, and says what it did', async () => {
    const rules = file('rules.yaml', RULES);
    const { code, stdout } = await start(['--from', '2.20', '--to', 'edge-26.8.3', '--repeat', '1', '--rules', rules])
      .ended;
    const result = await record();
    expect(result.reasons.filter(({ weight }) => weight !== 'warns')).toEqual([]);
    expect([code, result.decision]).toEqual([0, 'go']);
    expect(result.linkerd).toMatchObject({ fromFound: 'v2.359.0', toFound: 'v2.366.0' });
    expect(result.queries.map(({ outcome, broken, notExercised }) => [outcome, broken, notExercised])).toEqual([
      [expect.stringMatching(/^same/), false, false],
      ['same', false, false],
    ]);
    const [scenario] = result.scenarios;
    expect(scenario!.runs.map(({ phase, verdict, dir: its }) => [phase, verdict, its])).toEqual([
      ['before', 'pass', 'small/before-1'],
      ['after', 'pass', 'small/after-1'],
      ['during', 'pass', 'small/during'],
    ]);
    for (const run of scenario!.runs) {
      const { verdict, environment } = await readResult(join(folder(), run.dir, 'result.json'));
      expect(verdict).toBe('pass');
      expect(environment.mesh.version).toBe(run.phase === 'after' ? 'edge-26.8.3' : '2.20');
      expect(readFileSync(join(folder(), run.dir, 'report.html'), 'utf8')).toMatch(/<\/html>\n$/);
    }
    // Both pods were replaced, with traffic before, all the while, and after.
    expect(scenario!.rollout.filter(({ what }) => what === 'pod-gone')).toHaveLength(2);
    expect(scenario!.rollout[0]!.what).toBe('control-plane');
    expect(scenario!.lost).toMatchObject({ lost: [], otherwise: 0 });
    expect(scenario!.lost.made).toBeGreaterThan(200);
    expect(scenario!.latency.every(({ interval, significant }) => interval === null && !significant)).toBe(true);
    expect(result.schema.changes.map(({ what }) => what)).toEqual(['page']);
    expect(stdout).toMatch(/^GO: Linkerd 2\.20 -> edge-26\.8\.3/m);
    expect(readdirSync(folder()).sort()).toEqual(['junit.xml', 'report.html', 'small', 'summary.md', 'upgrade.json']);
    expect(readFileSync(join(folder(), 'summary.md'), 'utf8').split('\n')[0]).toMatch(/go/i);
  });

  it('goes on when inputs are of no use, and is undecided for them', async () => {
    const rules = file('rules.yaml', `${RULES}      - alert: Cut\n        expr: sum(rate(request_total[30s])\n`);
    const dashboard = file('dashboard.json', '{ no json');
    const port = await closedPort();
    const { code, stdout, stderr } = await start([
      ...['--from', '2.20', '--to', 'edge-26.8.3', '--repeat', '1', '--rules', rules, '--dashboards', dashboard],
      ...['--from-prometheus', `http://127.0.0.1:${port}`],
    ]).ended;
    expect(stderr).not.toMatch(/INTERNAL|^\s+at /m);
    const result = await record();
    expect([code, result.decision]).toEqual([3, 'undecided']);
    expect(result.problems.map(({ place, whole }) => [place.split('/').at(-1)!.split(':')[0], whole]).sort()).toEqual([
      ['127.0.0.1', true],
      ['dashboard.json', true],
      ['rules.yaml', false],
    ]);
    const weighty = result.reasons.filter(({ weight }) => weight !== 'warns');
    expect(weighty.map(({ weight, about }) => [weight, about])).toEqual([
      ['open', 'input'],
      ['open', 'input'],
    ]);
    // The rest of the work was done.
    expect(result.queries.map(({ outcome }) => outcome)).toEqual([expect.stringMatching(/^same/), 'same', 'error']);
    expect(result.scenarios[0]!.runs.map(({ verdict }) => verdict)).toEqual(['pass', 'pass', 'pass']);
    expect(stdout).toMatch(/^UNDECIDED: /m);
  });

  it('ends when it is told to, leaves no process, and keeps what it has', async () => {
    const run = start(['--from', '2.20', '--to', 'edge-26.8.3', '--repeat', '2']);
    await run.stderrMatch(/^PASS small after-1/m);
    await run.stderrMatch(/^small before-1: \d+ requests?/m);
    run.process.kill('SIGINT');
    const { code, stdout, stderr } = await run.ended;
    expect(code).toBe(130);
    expect(processesOf(dir)).toEqual([]);
    expect(stdout + stderr).not.toMatch(/INTERNAL|^\s+at /m);
    const result = await record();
    expect(result).toMatchObject({ decision: 'undecided', error: { code: 'INTERRUPTED' } });
    const runs = result.scenarios[0]!.runs;
    expect(runs.map(({ phase, error }) => [phase, error?.code])).toEqual([
      ['after', undefined],
      ['before', 'INTERRUPTED'],
    ]);
    expect(runs[0]!.flows.length).toBeGreaterThan(0);
  });
});

/** A port of the loopback that nobody listens on. */
async function closedPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}
