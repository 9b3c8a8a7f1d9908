import { z } from 'zod';
import { scenarioFile } from './schema/file.ts';

export const SCHEMA_ID = 'urn:meshproof:v1:scenario';

/** The scenario file as JSON Schema, by which editors check and complete it. */
export function scenarioJsonSchema(): Record<string, unknown> {
  const schema = z.toJSONSchema(scenarioFile, {
    io: 'input',
    target: 'draft-2020-12',
    reused: 'inline',
    override: ({ jsonSchema }) => withoutRefused(jsonSchema.properties),
  });
  const { $schema, ...rest } = schema as Record<string, unknown>;
  return { $schema, $id: SCHEMA_ID, title: 'meshproof scenario', ...rest };
}

/** Fields that are known only to say why they are refused: editors need not offer them. */
function withoutRefused(properties: Record<string, unknown> | undefined): void {
  for (const [name, schema] of Object.entries(properties ?? {})) {
    if (typeof schema === 'object' && schema !== null && 'not' in schema) delete properties![name];
  }
}
