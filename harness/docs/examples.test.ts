import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { CATALOGUE } from '../causes/index.ts';
import { FAULT_KINDS } from '../scenario/fault-kinds.ts';
import { parseScenario } from '../scenario/load.ts';
import { documents, ROOT, read } from './files.ts';
import { fences, prose } from './markdown.ts';

/** What a reader copies: YAML, JSON, targets of make, scripts of npm, files that are run. */
const all = documents().map((file) => ({ file, text: read(file) }));
const blocks = all.flatMap(({ file, text }) =>
  fences(text).map((fence) => ({ file, where: `${file}:${fence.line}`, ...fence })),
);
const yaml = blocks.filter(({ info }) => info.split(' ')[0] === 'yaml');
const scenarios = yaml.filter(({ body }) => /^kind: Scenario$/m.test(body));

it('there are some', () => {
  expect(scenarios.length).toBeGreaterThan(2);
  for (const file of ['docs/scenarios.md', 'docs/tutorial.md', 'docs/howto/scenarios.md']) {
    expect(scenarios.map((one) => one.file)).toContain(file);
  }
});

it.each(scenarios)('$where: the scenario is valid', ({ body, where }) => {
  expect(() => parseScenario(body, where)).not.toThrow();
});

it.each(yaml)('$where: YAML that parses', ({ body }) => {
  expect(parseAllDocuments(body).flatMap((document) => document.errors)).toEqual([]);
});

it.each(blocks.filter(({ info }) => info === 'json'))('$where: JSON that parses', ({ body }) => {
  expect(() => JSON.parse(body)).not.toThrow();
});

describe('what is run from a checkout', () => {
  const said = all.map(({ file, text }) => ({ file, code: codeOf(text) }));
  const targets = new Set([...read('Makefile').matchAll(/^([a-z-]+):/gm)].map((match) => match[1]));
  const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
  const matches = (pattern: RegExp) =>
    said.flatMap(({ file, code }) => [...code.matchAll(pattern)].map((match) => ({ file, name: match[1]! })));

  it.each(matches(/(?<![\w-])make ([a-z]+(?:-[a-z]+)*)(?=[\s`]|$)/gm))('$file: make $name', ({ name }) => {
    expect([...targets]).toContain(name);
  });

  it.each(matches(/(?<![\w-])npm run ([a-z][a-z:]*)/g))('$file: npm run $name', ({ name }) => {
    expect(Object.keys(scripts)).toContain(name);
  });

  it.each(matches(/\bnpx (?:node|vitest run) ((?:harness|tools|sim-services)\/[\w./-]+)/g))(
    '$file: $name',
    ({ name }) => {
      expect(existsSync(join(ROOT, name)) || existsSync(join(ROOT, `${name}.test.ts`))).toBe(true);
    },
  );
});

it('the documents count as many causes, faults and scenarios as there are', () => {
  const yamlIn = (folder: string) => readdirSync(join(ROOT, folder)).filter((name) => name.endsWith('.yaml')).length;
  const numbers = (pattern: RegExp) =>
    all.flatMap(({ text }) => [...text.matchAll(pattern)].map((match) => Number(match[1])));
  const causes = numbers(/\b(\d+)\s+causes\b/g);
  expect(causes.length).toBeGreaterThan(1);
  expect(new Set(causes)).toEqual(new Set([CATALOGUE.length]));
  expect(new Set(numbers(/`faults:` in scenarios: (\d+) failures/g))).toEqual(
    new Set([Object.keys(FAULT_KINDS).length]),
  );
  expect(new Set(numbers(/Scenario files \(`meshproof\/v1`\), (\d+) of them shipped/g))).toEqual(
    new Set([yamlIn('scenarios')]),
  );
});

/** What a document writes as code: fenced, indented, and in back-quotes. */
function codeOf(text: string): string {
  const inline = prose(text).flatMap(({ text: line }) =>
    /^ {4,}\S/.test(line) ? [line] : [...line.matchAll(/`([^`]+)`/g)].map((match) => match[1]!),
  );
  return [...fences(text).map(({ body }) => body), ...inline].join('\n');
}
