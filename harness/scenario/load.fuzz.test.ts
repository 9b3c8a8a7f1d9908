import { readFile } from 'node:fs/promises';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { stringify, parse as yaml } from 'yaml';
import { parseScenario, ScenarioError } from './load.ts';
import { LOAD_WORKLOAD, type Scenario } from './model.ts';

const read = (path: string) => readFile(new URL(path, import.meta.url), 'utf8');
const seeds = await Promise.all(
  [
    'testdata/good/minimal.yaml',
    'testdata/good/everything.yml',
    'testdata/good/protocols.yaml',
    'testdata/good/faults.yaml',
    '../../scenarios/diamond.yaml',
    '../../scenarios/timeouts.yaml',
    '../../scenarios/restart.yaml',
  ].map(read),
);

/** Beside the .proto that one of them names. */
const FILE = new URL('testdata/good/fuzz.yaml', import.meta.url).pathname;

let accepted = 0;
let refused = 0;

/** Whatever comes in, a scenario that holds together or problems that people can read come out. */
function load(text: string): void {
  let scenario: Scenario;
  try {
    scenario = parseScenario(text, FILE);
  } catch (error) {
    if (!(error instanceof ScenarioError)) throw error;
    refused++;
    expect(error.issues.length).toBeGreaterThan(0);
    const lines = text.split(/\r\n|\r|\n/).length;
    for (const issue of error.issues) {
      expect(issue.line).toBeLessThanOrEqual(lines);
      expect(issue.message).toMatch(/\S/);
      expect(`${issue.message}${issue.hint}`).not.toMatch(/Invalid input|\bundefined\b|\[object|\n/);
      expect(issue.message.length + issue.hint.length).toBeLessThan(3000);
    }
    return;
  }
  accepted++;
  const routes = new Map(scenario.services.map((s) => [s.id, s.routes]));
  const answers = (r: { service: string; method: string; path: string }) =>
    routes.get(r.service)?.some((route) => route.path === r.path && (route.method ?? r.method) === r.method);
  for (const call of scenario.services.flatMap((s) => s.routes.flatMap((r) => r.steps.flat()))) {
    expect(answers(call)).toBe(true);
  }
  expect(scenario.traffic.flatMap((t) => t.requests).every(answers)).toBe(true);
  for (const { service, replica } of scenario.faults ?? []) {
    if (service === null || service === LOAD_WORKLOAD.id) continue;
    expect(scenario.services.find(({ id }) => id === service)?.replicas).toBeGreaterThan(replica ?? 0);
  }
  for (const spec of scenario.routing ?? []) {
    expect(routes.has(spec.service)).toBe(true);
    const lists = spec.kind === 'ServiceProfile' ? [spec.profile.split] : spec.rules.map((rule) => rule.backends);
    for (const list of lists) expect(list.length === 0 || list.some(({ weight }) => weight > 0)).toBe(true);
  }
}

const words = fc.constantFrom(
  ...[
    '- ',
    ': ',
    '? ',
    '\n',
    '  ',
    '\t',
    '[',
    ']',
    '{',
    '}',
    ',',
    '&a ',
    '*a',
    '<<: *a',
    '!!binary ',
    '!!set ',
    '|',
    '>-',
  ],
  ...[
    '"',
    "'",
    '#',
    '---\n',
    '...\n',
    '%YAML 1.1\n',
    '%',
    '@',
    '~',
    '0x1f',
    '.nan',
    '.inf',
    '-0',
    '1e400',
    '\u0000',
    '\ufeff',
  ],
  ...[
    '\u2028',
    '\ud800',
    'services',
    'web',
    'errors',
    '100%',
    '101%',
    '5ms',
    '5',
    '-5ms',
    '9'.repeat(40),
    'rate',
    '50/s',
  ],
  ...[
    '__proto__',
    'constructor',
    'p50',
    'p99.99',
    'true',
    'null',
    '\r\n',
    '\r',
    'parallel',
    'distribution: lognormal',
    'load',
  ],
);
const scrap = fc.oneof(words, fc.string({ unit: 'binary', maxLength: 8 }), fc.string({ maxLength: 8 }));
/** Of the longest fewer: it takes ten times as long as the others. */
const often = [...seeds, ...seeds.filter((text) => text.length < 2000), ...seeds.filter((text) => text.length < 1000)];
const seed = fc.constantFrom(...often);
const parsedSeed = fc.constantFrom(...often.map((text) => yaml(text) as Record<string, unknown>));

/** A valid scenario with pieces of text taken out, put in or exchanged. */
const editedText = fc
  .tuple(seed, fc.array(fc.tuple(fc.nat(), fc.nat({ max: 12 }), scrap), { minLength: 1, maxLength: 4 }))
  .map(([text, edits]) =>
    edits.reduce((now, [at, length, insert]) => {
      const start = at % (now.length + 1);
      return now.slice(0, start) + insert + now.slice(start + length);
    }, text),
  );

const plausible = fc.oneof(
  fc.constantFrom<unknown>(
    null,
    true,
    0,
    -1,
    1.5,
    '',
    'web',
    'cart',
    'shop/cart',
    '/',
    '/checkout',
    'POST',
    '5ms',
    '0s',
  ),
  fc.constantFrom<unknown>('200%', '3%', '20/s', '1KiB', '9h', [], {}, [[]], { rate: '1%' }, { service: 'web' }),
  fc.constantFrom<unknown>({ distribution: 'lognormal', p50: '9ms', p99: '1ms' }, { parallel: [{ service: 'web' }] }),
  fc.jsonValue({ maxDepth: 3 }),
);

/** A valid scenario with nodes removed, replaced, doubled, renamed, or put where they do not belong. */
const editedNodes = fc
  .tuple(
    parsedSeed,
    fc.array(
      fc.tuple(fc.nat(), fc.nat(), fc.constantFrom('remove', 'replace', 'double', 'rename', 'move'), plausible),
      {
        minLength: 1,
        maxLength: 3,
      },
    ),
  )
  .map(([original, edits]) => {
    const root = structuredClone(original);
    for (const [which, other, edit, value] of edits) {
      const nodes = places(root);
      if (nodes.length === 0) break;
      const { parent, key } = nodes[which % nodes.length]!;
      const from = nodes[other % nodes.length]!;
      const record = parent as Record<string | number, unknown>;
      if (edit === 'remove') Array.isArray(parent) ? parent.splice(Number(key), 1) : delete record[key];
      if (edit === 'replace') record[key] = structuredClone(value);
      if (edit === 'double' && Array.isArray(parent)) parent.push(structuredClone(parent[Number(key)]));
      if (edit === 'move') record[key] = structuredClone((from.parent as typeof record)[from.key]);
      if (edit === 'rename' && !Array.isArray(parent)) {
        record[`${key}x`] = record[key];
        delete record[key];
      }
    }
    return stringify(root);
  });

function places(node: unknown): { parent: object; key: string | number }[] {
  if (typeof node !== 'object' || node === null) return [];
  return Object.entries(node).flatMap(([key, child]) => [{ parent: node, key }, ...places(child)]);
}

const RUNS = { text: 2000, soup: 2500, editedText: 2000, editedNodes: 2500, json: 1000 };

describe(`${Object.values(RUNS).reduce((a, b) => a + b)} inputs end in a scenario or in problems`, {
  timeout: 180_000,
}, () => {
  const property = (inputs: fc.Arbitrary<string>, numRuns: number) =>
    fc.assert(fc.property(inputs, load), { numRuns, seed: 20, endOnFailure: false });

  it('any text', () => property(fc.string({ unit: 'binary', maxLength: 200 }), RUNS.text));
  it('a soup of YAML', () =>
    property(
      fc.array(scrap, { maxLength: 40 }).map((w) => w.join('')),
      RUNS.soup,
    ));
  it('scenarios with their text changed', () => property(editedText, RUNS.editedText));
  it('scenarios with their nodes changed', () => property(editedNodes, RUNS.editedNodes));
  it('any value', () =>
    property(
      fc.jsonValue({ maxDepth: 5 }).map((v) => stringify(v)),
      RUNS.json,
    ));

  afterAll(() => {
    // Both ends must be reached, or the inputs say nothing.
    expect(accepted).toBeGreaterThan(300);
    expect(refused).toBeGreaterThan(3000);
  });
});
