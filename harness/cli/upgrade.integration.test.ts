import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readResult } from '../result/read.ts';
import { readUpgrade } from '../result/upgrade/read.ts';
import type { UpgradeResult } from '../result/upgrade/types.ts';
import { sayOnceMore } from '../run/testing/expect-passed.ts';
import { processesOf } from './testing/lifecycle.ts';
import { type CliProcess, ROOT, startCli } from './testing/spawn.ts';

/**
 * The whole command `upgrade`, with the real pipeline in `local`. Ten requests a second have forty users and more: none of them is
 * dropped unless answers take seconds, nor a scrape, so that a run without a verdict is an error here and no bad luck.
 */
const SMALL = `apiVersion: meshproof/v1
kind: Scenario
metadata: { name: small, description: A small world. }
namespace: shop
seed: 5
mesh: { scrapeInterval: 2s }
services:
  - name: web
    calls: [{ service: cart }]
  - { name: cart }
traffic:
  - { executor: constant-arrival-rate, target: web, rate: 10/s, duration: 5s, maxVUs: 20 }
`;

const RULES = `groups:
  - name: shop
    rules:
      - record: workload:request_rate
        expr: sum by (deployment) (rate(request_total{direction="inbound"}[30s]))
      - alert: NoRequests
        expr: workload:request_rate == 0
`;

/** What 2.16 calls otherwise. */
const CERTIFICATES = `groups:
  - name: certificates
    rules:
      - alert: CertificateExpires
        expr: identity_cert_expiration_timestamp_seconds{namespace="shop"} - time() < 3600
`;

const panel = (title: string, expr: string) => ({ type: 'timeseries', title, targets: [{ refId: 'A', expr }] });
const DASHBOARD = {
  ...{ title: 'Mesh', schemaVersion: 39, uid: 'mesh' },
  templating: {
    list: [
      { name: 'namespace', type: 'query', query: 'label_values(request_total, namespace)', current: { value: 'shop' } },
    ],
  },
  panels: [
    panel('Requests', 'sum(rate(request_total{namespace="$namespace", direction="inbound"}[30s]))'),
    panel('Certificates', 'count by (deployment) (identity_cert_expiration_timestamp_seconds{namespace="$namespace"})'),
  ],
};

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

/** What the product says where it could not look, for the machine was too slow. */
const TOO_SLOW = new Set(['DROPPED_ITERATIONS', 'TARGET_DOWN']);

/** The command, run to its end; once more where it says that the machine was too slow for a run to have a verdict. */
async function ended(args: string[]) {
  const first = await start(args).ended;
  const slow = (await record()).scenarios
    .flatMap(({ runs }) => runs.flatMap(({ reasons }) => reasons))
    .filter(({ code }) => TOO_SLOW.has(code));
  if (slow.length === 0) return first;
  sayOnceMore(slow.map(({ code, message }) => `${code}: ${message}`));
  rmSync(join(dir, 'out'), { recursive: true });
  return start(args).ended;
}

function folder(): string {
  const [only, ...more] = readdirSync(join(dir, 'out'));
  expect(more).toEqual([]);
  return join(dir, 'out', only!);
}

const record = (): Promise<UpgradeResult> => readUpgrade(join(folder(), 'upgrade.json'));

describe('meshproof upgrade', { timeout: 300_000 }, () => {
  it('goes from 2.20 to edge-26.8.3 with rules that stay, and says what it did', async () => {
    const rules = file('rules.yaml', RULES);
    const { code, stdout } = await ended(['--from', '2.20', '--to', 'edge-26.8.3', '--repeat', '1', '--rules', rules]);
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
    // Prometheus would refuse the whole file for the last one, and with it every run.
    const bad = [
      '- alert: Cut',
      '  expr: sum(rate(request_total[30s])',
      '- record: bad:rate',
      '  expr: rate(request_total)',
    ];
    const rules = file('rules.yaml', `${RULES}${bad.map((line) => `      ${line}\n`).join('')}`);
    const dashboard = file('dashboard.json', '{ no json');
    const port = await closedPort();
    const { code, stdout, stderr } = await ended([
      ...['--from', '2.20', '--to', 'edge-26.8.3', '--repeat', '1', '--rules', rules, '--dashboards', dashboard],
      ...['--from-prometheus', `http://127.0.0.1:${port}`],
    ]);
    expect(stderr).not.toMatch(/INTERNAL|^\s+at /m);
    const result = await record();
    expect([code, result.decision]).toEqual([3, 'undecided']);
    expect(result.problems.map(({ place, whole }) => [place.split('/').at(-1)!.split(':')[0], whole]).sort()).toEqual([
      ['127.0.0.1', true],
      ['dashboard.json', true],
      ['rules.yaml', false],
      ['rules.yaml', false],
    ]);
    expect(result.problems.at(-1)).toMatchObject({
      place: expect.stringMatching(/rules\.yaml:10 \(group shop, record bad:rate\)$/),
      message: expect.stringMatching(/^Prometheus 3\S+ refuses this recording rule: .*expected type range vector/),
    });
    const weighty = result.reasons.filter(({ weight }) => weight !== 'warns');
    expect(weighty.map(({ weight, about }) => [weight, about])).toEqual([
      ['open', 'input'],
      ['open', 'input'],
    ]);
    // The rest of the work was done.
    expect(result.queries.map(({ outcome }) => outcome)).toEqual([
      expect.stringMatching(/^same/),
      ...['same', 'error', 'error'],
    ]);
    expect(result.scenarios[0]!.runs.map(({ verdict }) => verdict)).toEqual(['pass', 'pass', 'pass']);
    expect(stdout).toMatch(/^UNDECIDED: /m);
  });

  it('is no-go from 2.15 to 2.16 for an alert and a panel about certificates, says why, and what to write', async () => {
    const old = 'identity_cert_expiration_timestamp_seconds';
    const rules = file('rules.yaml', CERTIFICATES);
    const dashboard = file('dashboard.json', JSON.stringify(DASHBOARD));
    const args = ['--from', '2.15', '--to', '2.16', '--repeat', '1', '--rules', rules, '--dashboards', dashboard];
    const { code, stdout } = await ended(args);
    const result = await record();
    expect(result.problems).toEqual([]);
    const why = `\`${old}\` is called \`control_${old}\` since proxy v2.227 (Linkerd 2.16)`;
    expect(result.queries).toMatchObject([
      {
        ...{ kind: 'alert', outcome: 'now-empty', broken: true, notExercised: false, reason: why },
        rewrite: { expr: `control_${old}{namespace="shop"} - time() < 3600`, checked: 'same' },
      },
      { kind: 'panel', outcome: expect.stringMatching(/^same/), broken: false, notExercised: false, rewrite: null },
      {
        ...{ kind: 'panel', outcome: 'now-empty', broken: true, notExercised: false, reason: why },
        rewrite: { expr: `count by (deployment) (control_${old}{namespace="$namespace"})`, checked: 'same' },
      },
    ]);
    expect([code, result.decision]).toEqual([1, 'no-go']);
    const { text, remedy, ...blocking } = result.reasons[0]!;
    expect(blocking).toEqual({ weight: 'blocks', about: 'query' });
    expect(text).toMatch(
      /^2 queries, the first of which is .*rules\.yaml:4 \(group certificates, alert CertificateExpires\): now empty: /,
    );
    expect(text.endsWith(why)).toBe(true);
    expect(remedy).toBe('write what stands with each of them');
    expect(result.reasons.filter(({ weight }) => weight !== 'warns')).toHaveLength(1);
    expect(result.scenarios[0]!.runs.map(({ verdict }) => verdict)).toEqual(['pass', 'pass', 'pass']);
    expect(stdout).toMatch(/^NO-GO: Linkerd 2\.15 -> 2\.16/m);
    const [title, , first] = readFileSync(join(folder(), 'summary.md'), 'utf8').split('\n');
    expect(title).toMatch(/^# ❌ NO-GO: Linkerd 2\.15 -&gt; 2\.16/);
    expect(first).toMatch(
      /^- ❌ 2 queries, .* since proxy v2\.227 .* \*\*Do:\*\* write what stands with each of them$/,
    );
    const junit = readFileSync(join(folder(), 'junit.xml'), 'utf8');
    expect(junit.match(/<failure\b/g)).toHaveLength(3);
    expect(junit).toMatch(/<failure type="no-go" message="NO-GO: /);
    expect(junit).toMatch(
      /<testcase name="[^"]*CertificateExpires\)"[^>]*>\s*<failure type="now-empty" message="now empty: [^"]*">[^<]*\ninstead \(same\): control_identity_cert_/,
    );
  });

  it('ends when it is told to, leaves no process, and keeps what it has', async () => {
    const run = start(['--from', '2.20', '--to', 'edge-26.8.3', '--repeat', '2']);
    // Whatever its verdict is.
    await run.stderrMatch(/^\w+ small after-1/m);
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
