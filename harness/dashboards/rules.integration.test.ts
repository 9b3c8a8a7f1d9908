import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { parse as yaml } from 'yaml';
import { projectFile } from '../core/project.ts';
import { runCommand } from '../core/run-command.ts';
import { tempDir } from '../run/testing/tools.ts';
import { TOOLS } from '../tools/catalogue.ts';
import { pinOf } from '../tools/pin.ts';
import { resolveTool } from '../tools/resolve.ts';

/** The rules that ship, under promtool: it must be there or be built, once, which takes minutes. */
const BUILD_MS = 20 * 60_000;
const FOLDER = projectFile('dashboards/prometheus/');
const RULES = ['golden-metrics', 'slo', 'observation'];
const TESTS = [...RULES, 'slo-days'];

let promtool: string;
beforeAll(async () => {
  // Exactly the pinned one: older ones on a PATH don't know all that the tests say.
  const { version } = pinOf(TOOLS.promtool, projectFile('tools/'));
  promtool = (await resolveTool('promtool', { version })).path;
}, BUILD_MS);

const run = (args: string[]) => runCommand(promtool, args, { deadlineMs: 120_000 });
const rulesOf = (name: string) => join(FOLDER, `${name}.rules.yaml`);
const testsOf = (name: string) => join(FOLDER, 'tests', `${name}.test.yaml`);

test('promtool finds nothing wrong with the rules', async () => {
  const output = await run(['check', 'rules', '--lint=all', '--lint-fatal', ...RULES.map(rulesOf)]);
  expect(output, output.stdout + output.stderr).toMatchObject({ code: 0 });
});

test.each(TESTS)('the tests of %s', async (name) => {
  const output = await run(['test', 'rules', testsOf(name)]);
  expect(output, output.stdout + output.stderr).toMatchObject({ code: 0 });
});

/** What the rules guard against, put into them: each must fail the tests. */
const MUTANTS: [file: string, what: string, from: string | RegExp, to: string][] = [
  ['golden-metrics', 'no direction', /direction="(?:in|out)bound", ?/g, ''],
  ['golden-metrics', 'the other direction', /direction="inbound"/g, 'direction="outbound"'],
  ['golden-metrics', 'probes are counted', /, tls="true"/g, ''],
  ['golden-metrics', 'scrapes are counted', /, target_port!="4191"/g, ''],
  ['golden-metrics', 'no zero for failures', /\n\s*or\n\s*0 \* workload:responses:rate1m/, ''],
  ['golden-metrics', 'no zero for failures of edges', /\n\s*or\n\s*0 \* edge:responses:rate1m/, ''],
  ['golden-metrics', 'a ratio without traffic', '(workload:responses:rate1m > 0)', 'workload:responses:rate1m'],
  ['golden-metrics', 'irate', /\brate\(response_total/g, 'irate(response_total'],
  ['golden-metrics', 'a window of one interval', /\[1m\]/g, '[15s]'],
  ['golden-metrics', 'a quantile pod by pod', /sum by \(le, namespace/g, 'sum by (le, pod, namespace'],
  [
    'golden-metrics',
    'the rate of a sum',
    /sum by \(([^)]+)\) \(\s*rate\((response_total\{[^}]*\})\[1m\]\)\s*\)/,
    'rate(sum by ($1) ($2)[1m:15s])',
  ],
  ['slo', 'both directions', /direction="outbound", dst_namespace!=""(?:, )?/g, ''],
  ['slo', 'no zero for failures', /\n\s*or\n\s*0 \* service:responses:rate5m/, ''],
  ['slo', 'a ratio without traffic', '/ (service:responses:rate5m > 0)', '/ service:responses:rate5m'],
  ['slo', 'no floor for rare requests', /\n\s*and (?:6 \* )?3600 \* avg_over_time[^\n]*/g, ''],
  ['slo', 'no short window', /\n\s*and service:failures:ratio_rate(?:5m|30m) >[^\n]*/g, ''],
  ['slo', 'buckets of Prometheus 3 alone', '500(\\\\.0)?', '500\\\\.0'],
  ['slo', 'buckets of Prometheus 2 alone', '500(\\\\.0)?', '500'],
  ['observation', 'jobs that are down altogether', 'present_over_time(proxy_build_info[1h])', 'proxy_build_info'],
  ['observation', 'targets of all kinds', ' and on (job) group by (job) (present_over_time(proxy_build_info[1h]))', ''],
  ['observation', 'pods without a proxy', 'tls="true", dst_pod', 'dst_pod'],
  [
    'observation',
    'any target of the pod',
    'unless on (namespace, pod) proxy_build_info',
    'unless on (namespace, pod) up',
  ],
  ['observation', 'the increase alone', /\(outbound_http_errors_total\{[^}]*\} unless[^\n]*\n\s*or\n/, ''],
  ['observation', 'errors of all kinds', /\{error=~"failfast\|loadshed"\}/g, ''],
];

describe('a pitfall put into the rules is caught:', () => {
  test.each(MUTANTS)('%s: %s', async (name, _, from, to) => {
    await using dir = await tempDir();
    mkdirSync(join(dir.path, 'tests'));
    const text = readFileSync(rulesOf(name), 'utf8');
    const mutant = text.replace(from, to);
    expect(mutant).not.toBe(text);
    const file = join(dir.path, basename(rulesOf(name)));
    writeFileSync(file, mutant);
    const tests = join(dir.path, 'tests', basename(testsOf(name)));
    writeFileSync(tests, readFileSync(testsOf(name)));
    const check = await run(['check', 'rules', file]);
    expect(check, 'it must be refused by its tests, not by its syntax').toMatchObject({ code: 0 });
    expect((await run(['test', 'rules', tests])).code).toBe(1);
  });
});

const SECONDS: Record<string, number> = { s: 1, m: 60, h: 3600, d: 86_400 };
/** Each window in an expression, seconds. */
const windows = (expr: string) =>
  [...expr.matchAll(/\[(\d+)([smhd])/g)].map(([, count, unit]) => Number(count) * SECONDS[unit!]!);

test('every window holds four scrapes of 15 s, and every page that is named for a reason is there', () => {
  for (const name of RULES) {
    const text = readFileSync(rulesOf(name), 'utf8');
    const { groups } = yaml(text) as {
      groups: { name: string; rules: { expr: string; alert?: string; annotations?: { see?: string } }[] }[];
    };
    for (const { rules } of groups) {
      for (const { expr, annotations } of rules) {
        for (const window of windows(expr)) expect(window).toBeGreaterThanOrEqual(4 * 15);
        if (annotations?.see) expect(() => readFileSync(projectFile(annotations.see!)), annotations.see).not.toThrow();
      }
    }
    const named = [...text.matchAll(/docs\/causes\/[\w-]+\.md|(?<=\()[\w-]+\.md(?=\))/g)].map(([path]) =>
      path.startsWith('docs/') ? path : `docs/causes/${path}`,
    );
    for (const path of named) expect(() => readFileSync(projectFile(path)), path).not.toThrow();
  }
});

test('a rule reads what its own group has recorded before it: groups are evaluated in no order', () => {
  const groups = RULES.flatMap((name) => {
    const parsed = yaml(readFileSync(rulesOf(name), 'utf8')) as {
      groups: { name: string; rules: { record?: string; expr: string }[] }[];
    };
    return parsed.groups;
  });
  const recorded = new Set(groups.flatMap(({ rules }) => rules.flatMap(({ record }) => record ?? [])));
  for (const { name, rules } of groups) {
    const before = new Set<string>();
    for (const { record, expr } of rules) {
      const read = [...expr.matchAll(/\w+(?::\w+)+/g)].map(([series]) => series);
      const elsewhere = read.filter((it) => recorded.has(it) && !before.has(it));
      expect(elsewhere, `${name}: ${record ?? expr}`).toEqual([]);
      if (record) before.add(record);
    }
  }
  expect(recorded.size).toBeGreaterThan(0);
});
