import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { resultJsonSchema, resultSchema } from './schema.ts';
import { sampleResult } from './testing/sample.ts';
import { resultText } from './write.ts';

/**
 * What results/ publishes of the format, made from the schema: result.schema.json, and in README.md the fields and the
 * example. Run this file to write them; a test compares.
 */
const folder = new URL('../../results/', import.meta.url);
export const SCHEMA_FILE = fileURLToPath(new URL('result.schema.json', folder));
export const README_FILE = fileURLToPath(new URL('README.md', folder));

export function schemaText(): string {
  return `${JSON.stringify(resultJsonSchema(), null, 2)}\n`;
}

/** README.md with the parts between its markers made anew. */
export function readmeText(current: string): string {
  const fields = replaceBetween(current, 'fields', fieldTable());
  return replaceBetween(fields, 'example', `\`\`\`json\n${exampleText()}\`\`\``);
}

/** The failing scenario of the sample alone: short enough to read. */
export function exampleText(): string {
  const sample = sampleResult();
  return resultText({ ...sample, scenarios: sample.scenarios.filter((s) => s.verdict === 'fail') });
}

/** @throws RangeError when the text has no such markers */
export function replaceBetween(text: string, name: string, content: string): string {
  const [begin, end] = [`<!-- ${name} -->`, `<!-- /${name} -->`];
  const from = text.indexOf(begin);
  const to = text.indexOf(end);
  if (from < 0 || to < from) throw new RangeError(`README.md has no ${begin} ... ${end}`);
  return `${text.slice(0, from + begin.length)}\n${content}\n${text.slice(to)}`;
}

interface Node {
  description?: string;
  type?: string | string[];
  const?: string;
  enum?: string[];
  properties?: Record<string, Node>;
  required?: string[];
  items?: Node;
  anyOf?: Node[];
  additionalProperties?: Node | false;
}

/** Every field, one row each: its path, type and meaning. */
export function fieldTable(schema: z.ZodType = resultSchema): string {
  const rows = ['| Field | Type | Meaning |', '| --- | --- | --- |'];
  const visit = (path: string, node: Node, required: boolean) => {
    const inner = node.anyOf?.find((n) => n.type !== 'null') ?? node;
    const type = typeName(node) + (required ? '' : ', optional');
    if (path) rows.push(`| \`${path}\` | ${type} | ${node.description ?? ''} |`);
    const object = inner.items ?? inner;
    const prefix = inner.items ? `${path}[]` : path;
    for (const [name, child] of Object.entries(object.properties ?? {})) {
      visit(prefix ? `${prefix}.${name}` : name, child, object.required?.includes(name) ?? false);
    }
  };
  visit('', z.toJSONSchema(schema, { io: 'input' }) as Node, true);
  return rows.join('\n');
}

function typeName(node: Node): string {
  if (node.anyOf) return node.anyOf.map(typeName).join(' or ');
  if (node.const) return `\`"${node.const}"\``;
  if (node.enum) return node.enum.map((value) => `\`"${value}"\``).join(', ');
  if (node.items) return `list of ${typeName(node.items)}`;
  if (node.additionalProperties) return `map of ${typeName(node.additionalProperties)}`;
  return [node.type ?? 'any'].flat().join(' or ');
}

if (import.meta.main) {
  writeFileSync(SCHEMA_FILE, schemaText());
  writeFileSync(README_FILE, readmeText(readFileSync(README_FILE, 'utf8')));
}
