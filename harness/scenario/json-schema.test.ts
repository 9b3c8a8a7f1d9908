import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { scenarioJsonSchema } from './json-schema.ts';
import { findScenarioFiles } from './load.ts';

it('is the schema in scenarios/, by which editors complete', async () => {
  // After a change of the schema: npx vitest run harness/scenario/json-schema.test.ts -u
  await expect(`${JSON.stringify(scenarioJsonSchema(), null, 2)}\n`).toMatchFileSnapshot(
    '../../scenarios/meshproof-scenario.schema.json',
  );
});

it('names itself, and knows which fields are required', async () => {
  const schema = scenarioJsonSchema();
  expect(schema).toMatchObject({
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'meshproof scenario',
    required: ['apiVersion', 'kind', 'metadata', 'services', 'traffic'],
    additionalProperties: false,
  });
  const text = await readFile(new URL('../../scenarios/meshproof-scenario.schema.json', import.meta.url), 'utf8');
  expect(JSON.parse(text).$id).toBe(schema.$id);
});

describe('editors and the loader agree', async () => {
  const asEditorsSee = z.fromJSONSchema(scenarioJsonSchema() as Parameters<typeof z.fromJSONSchema>[0]);
  const files = async (dir: string) =>
    Promise.all(
      (await findScenarioFiles([new URL(dir, import.meta.url).pathname])).map(async (path) => ({
        name: basename(path),
        value: parse(await readFile(path, 'utf8')),
      })),
    );

  it.each([
    ...(await files('../../scenarios')),
    ...(await files('../../scenarios/faults')),
    ...(await files('../../scenarios/bench')),
    ...(await files('testdata/good')),
  ])('$name is valid', ({ value }) => {
    expect(asEditorsSee.safeParse(value).error).toBeUndefined();
  });

  it.each([
    'unknown-field',
    'missing-fields',
    'wrong-kind',
    'wrong-unit',
    'rate-over-100',
    'status-out-of-range',
    'numbers',
    'paths',
    'errors',
    'faults',
    'wrong-types',
    'unquoted-version',
    'grpc-codes',
    'http-calls',
    'http-responses',
    'policies',
    'profiles',
    'protocols',
    'retries',
    'routing',
  ])('%s is invalid', async (name) => {
    const text = await readFile(new URL(`testdata/bad/${name}.yaml`, import.meta.url), 'utf8');
    expect(asEditorsSee.safeParse(parse(text)).success).toBe(false);
  });
});
