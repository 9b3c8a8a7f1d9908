import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { HarnessError } from '../core/errors.ts';
import { findScenarioFiles, loadScenarioFile, loadScenarios, parseScenario, ScenarioError } from './load.ts';
import { trafficDurationMs } from './model.ts';

const BAD = new URL('testdata/bad/', import.meta.url).pathname;
const GOOD = new URL('testdata/good/', import.meta.url).pathname;
const SHIPPED = new URL('../../scenarios/', import.meta.url).pathname;

async function refusal(load: () => Promise<unknown> | unknown): Promise<ScenarioError> {
  try {
    await load();
  } catch (error) {
    if (error instanceof ScenarioError) return error;
    throw error;
  }
  throw new Error('was accepted');
}

const badFiles = await readdir(BAD);

describe('bad files', () => {
  it('there are many', () => {
    expect(badFiles.length).toBeGreaterThan(45);
  });

  // Each begins with the problems it must produce: all of them, in order, nothing else.
  it.each(badFiles)('%s', async (name) => {
    const text = await readFile(join(BAD, name), 'utf8');
    const expected = [...text.matchAll(/^# expect: (.*)$/gm)].map((m) => m[1]);
    expect(expected.length).toBeGreaterThan(0);
    const error = await refusal(() => loadScenarioFile(join(BAD, name)));
    expect(error.issues.map((i) => `${i.line}:${i.column}: ${i.message}`)).toEqual(expected);
    for (const issue of error.issues) expect(issue.hint, issue.message).not.toBe('');
  });
});

describe('what an error says', () => {
  it('prints every problem with file, line, column and hint, and ends with exit code 2', async () => {
    const error = await refusal(() => loadScenarioFile(join(BAD, 'several-at-once.yaml')));
    expect(error).toBeInstanceOf(HarnessError);
    expect({ code: error.code, exitCode: error.exitCode }).toEqual({ code: 'INVALID_SCENARIO', exitCode: 2 });
    expect(error.message).toContain(
      `${BAD}several-at-once.yaml:13:24: / of default/web calls \`crat\`, but there is no such service\n    hint: did you mean \`cart\`?\n`,
    );
    expect(error.issues.map((i) => i.path)).toEqual([
      'services[0].latncy',
      'services[0].calls[0].service',
      'services[1].errors[0].rate',
      'restarts[0].at',
      'restarts[0].service',
      'expect.idle[0]',
    ]);
  });

  it('points at the right place behind an element that was taken out', () => {
    const text = `apiVersion: meshproof/v1
kind: Scenario
metadata: { name: x }
services: [{ name: web }]
traffic:
  - { executor: constant-vus, target: web, vus: 1, duration: 5 }
  - { executor: constant-vus, target: wbe, vus: 1, duration: 5s }
`;
    expect(() => parseScenario(text, 'f')).toThrow(/f:7:39: traffic goes to `wbe`/);
  });

  it('does not call absent what was only invalid', async () => {
    const text = `apiVersion: meshproof/v1
kind: Scenario
metadata: { name: x }
services: [{ name: web, calls: [{ service: Cart }, { service: cart }] }, { name: cart, replicas: 0 }, { name: D_b }]
traffic: [{ executor: constant-vus, target: db, vus: 1, duration: 5s }]
restarts: [{ at: 1s, service: cart, replica: 3 }]
`;
    const error = await refusal(() => parseScenario(text, 'f'));
    expect(error.issues.map((i) => i.path)).toEqual([
      'services[0].calls[0].service',
      'services[1].replicas',
      'services[2].name',
    ]);
  });
});

describe('hostile input ends in problems', () => {
  const head = 'apiVersion: meshproof/v1\nkind: Scenario\nmetadata: { name: x }\n';
  const many = (write: (i: number) => string) => Array.from({ length: 10_000 }, (_, i) => write(i)).join('\n');

  it.each([
    ['deep flow', '['.repeat(1_000_000), 1, 'the file has more than 100000 YAML tokens'],
    ['deep blocks', '- '.repeat(40_000), 1, 'values are nested deeper than 32 levels'],
    ['syntax errors', ']'.repeat(5000), 20, 'not YAML: Unexpected flow-seq-end token in YAML document: "]"'],
    ['unknown fields', head + many((i) => `k${i}: 1`), 101, '`services` is missing'],
    ['one field again and again', head + many(() => 'a: 1'), 101, '`services` is missing'],
    [
      'many values',
      `${head}services: [${'a,'.repeat(25_000)}]`,
      1,
      'the file has too many values, counting what its aliases repeat',
    ],
    ['a long name', `${head}services: [{ name: ${'a'.repeat(900_000)} }]\ntraffic: []`, 2, undefined],
  ])('%s', async (_, text, count, first) => {
    const error = await refusal(() => parseScenario(text, 'f'));
    expect(error.issues.length).toBe(count);
    if (first) expect(error.issues[0]?.message).toBe(first);
    expect(error.message.length).toBeLessThan(30_000);
  });

  it('says how many problems it does not show', async () => {
    const error = await refusal(() => parseScenario(head + many((i) => `k${i}: 1`), 'f'));
    expect(error.issues.at(-1)?.message).toBe('and 9902 more problems');
  });
});

describe('good files', () => {
  it('fills in the defaults', async () => {
    const scenario = await loadScenarioFile(`${GOOD}minimal.yaml`);
    expect(scenario).toEqual({
      file: `${GOOD}minimal.yaml`,
      name: 'minimal',
      description: '',
      seed: 1,
      mesh: { version: 'edge-26.8.3', scrapeIntervalMs: 2000, probeIntervalMs: 10_000 },
      services: [
        {
          id: 'default/web',
          namespace: 'default',
          name: 'web',
          serviceAccount: 'web',
          replicas: 1,
          port: 80,
          appPort: 8080,
          labels: {},
          routes: [
            {
              method: null,
              path: '/',
              status: 200,
              latency: { kind: 'constant', ms: 0 },
              errors: [],
              body: { bytes: 64, chunks: 1, overMs: 0 },
              steps: [],
            },
          ],
        },
      ],
      traffic: [
        {
          name: 'constant-vus-1',
          shape: { executor: 'constant-vus', vus: 1, durationMs: 1000 },
          startMs: 0,
          requests: [
            { service: 'default/web', method: 'GET', path: '/', weight: 1, requestBytes: 0, timeoutMs: 15_000 },
          ],
        },
      ],
      timeline: [],
      restarts: [],
      expect: { goldenEveryFlow: true, slo: [], idle: [] },
    });
  });

  it.each(['everything.yml', 'protocols.yaml', 'faults.yaml', 'faults-of-targets.yaml'])(
    'reads every field of %s',
    async (file) => {
      const scenario = await loadScenarioFile(GOOD + file);
      const name = file.replace(/\.ya?ml$/, '.expected.json');
      const expected = await readFile(new URL(`testdata/${name}`, import.meta.url), 'utf8');
      expect({ ...scenario, file }).toEqual(JSON.parse(expected));
    },
  );
});

describe('queries', () => {
  it('are taken as they are written', async () => {
    const { expect: expected } = await loadScenarioFile(`${GOOD}queries.yaml`);
    expect(expected.queries?.map(({ expr, overMs, within }) => [expr.split('\n', 1)[0], overMs, within])).toEqual([
      ['20', null, 0.05],
      ['# as of now', null, 0.05],
      ['max_over_time(sum(rate(request_total[2s]))[4s:1s])', 4000, 0.1],
    ]);
  });
});

describe('the scenarios that ship', async () => {
  const scenarios = await loadScenarios([SHIPPED]);

  it('are these', () => {
    expect(scenarios.map((s) => s.name)).toEqual([
      'abandoned',
      'baseline',
      'bimodal',
      'bucket-edge',
      'circuit-breaker',
      'client-errors',
      'diamond',
      'fan-out',
      'grpc-codes',
      'grpc-streams',
      'http-bodies',
      'http-routes',
      'http2',
      'idle',
      'mixed-methods',
      'policy-authorization',
      'policy-defaults',
      'policy-rate-limit',
      'policy-scrapes',
      'probe-dilution',
      'restart',
      'retries',
      'route-timeouts',
      'service-profile',
      'slow-body',
      'spike',
      'tcp-database',
      'tcp-server-first',
      'tcp-skipped',
      'timeouts',
      'traffic-split',
    ]);
  });

  it.each(scenarios)('$name is short, explained, and known to editors', async (scenario) => {
    expect(scenario.description.length).toBeGreaterThan(80);
    expect(scenario.description).toMatch(/look at/i);
    expect(trafficDurationMs(scenario)).toBeLessThanOrEqual(30_000);
    expect(scenario.file).toBe(join(SHIPPED, `${scenario.name}.yaml`));
    const text = await readFile(scenario.file, 'utf8');
    expect(text.split('\n')[0]).toBe('# yaml-language-server: $schema=./meshproof-scenario.schema.json');
  });
});

describe('files and directories', () => {
  let dir = '';
  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'meshproof-scenarios-'));
    await mkdir(join(dir, 'empty'));
    await mkdir(join(dir, 'two'));
    const minimal = await readFile(`${GOOD}minimal.yaml`, 'utf8');
    await writeFile(join(dir, 'two', 'b.yaml'), minimal.replace('name: minimal', 'name: b'));
    await writeFile(join(dir, 'two', 'a.yml'), minimal.replace('name: minimal', 'name: a'));
    await writeFile(join(dir, 'two', 'notes.txt'), 'no scenario');
    await writeFile(join(dir, 'twin.yaml'), minimal.replace('name: minimal', 'name: a'));
    await writeFile(join(dir, 'big.yaml'), Buffer.alloc(10 * 1024 * 1024, '# big\n'));
    await writeFile(join(dir, 'junk.yaml'), Buffer.from([0x89, 0x50, 0xff, 0xfe, 0x00, 0xc3]));
  });
  afterAll(() => rm(dir, { recursive: true }));

  it('finds the files of a directory, sorted, and each only once', async () => {
    const two = join(dir, 'two');
    expect(await findScenarioFiles([two, join(two, 'b.yaml')])).toEqual([join(two, 'a.yml'), join(two, 'b.yaml')]);
    expect((await loadScenarios([two])).map((s) => s.name)).toEqual(['a', 'b']);
  });

  it('refuses a directory without scenarios and a path that does not exist', async () => {
    const error = await refusal(() => findScenarioFiles([join(dir, 'empty'), join(dir, 'nowhere')]));
    expect(error.issues.map((i) => i.message)).toEqual([
      'this directory has no scenarios',
      'there is no such file or directory',
    ]);
  });

  it('refuses 10 MB before parsing, and what is no text', async () => {
    expect((await refusal(() => loadScenarioFile(join(dir, 'big.yaml')))).message).toContain('the file has 10.0 MiB');
    expect((await refusal(() => parseScenario('#'.repeat(1024 * 1024 + 1), 'f'))).message).toContain('at most 1 MiB');
    expect((await refusal(() => loadScenarioFile(join(dir, 'junk.yaml')))).message).toContain('not UTF-8');
    expect((await refusal(() => loadScenarioFile(dir))).message).toContain('this is a directory');
  });

  it('reports the problems of all files together, two scenarios of one name among them', async () => {
    const error = await refusal(() =>
      loadScenarios([
        join(dir, 'two'),
        join(dir, 'twin.yaml'),
        join(dir, 'empty'),
        join(dir, 'big.yaml'),
        join(BAD, 'call-to-itself.yaml'),
      ]),
    );
    expect(error.issues.map((i) => i.message)).toEqual([
      'this directory has no scenarios',
      `the scenario a is also in ${join(dir, 'two', 'a.yml')}`,
      'the file has 10.0 MiB; a scenario has at most 1 MiB',
      'the calls form a cycle: default/web -> default/web',
    ]);
  });
});
