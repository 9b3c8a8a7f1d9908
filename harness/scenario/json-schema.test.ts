import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { scenarioJsonSchema } from './json-schema.ts';

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
