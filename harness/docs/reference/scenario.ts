import { UNIT_PATTERNS } from '../../core/units.ts';
import { scenarioJsonSchema } from '../../scenario/json-schema.ts';
import { slugOf } from '../markdown.ts';
import { cell, codes, GENERATED } from './text.ts';

/** As much of JSON Schema as the scenario's has. */
export interface Node {
  $ref?: string;
  description?: string;
  type?: string;
  const?: unknown;
  enum?: unknown[];
  default?: unknown;
  pattern?: string;
  examples?: unknown[];
  minimum?: number;
  maximum?: number;
  maxItems?: number;
  properties?: Record<string, Node>;
  patternProperties?: Record<string, Node>;
  additionalProperties?: Node | boolean;
  required?: string[];
  items?: Node;
  anyOf?: Node[];
  oneOf?: Node[];
  $defs?: Record<string, Node>;
}

/** One object, or several between which a field or its presence decides. */
interface Section {
  title: string;
  variants: Node[];
}

interface Field {
  name: string;
  node: Node;
  required: boolean;
  of: Node[];
}

/** docs/reference/scenario.md: every field of a scenario file. */
export function scenarioReference(schema: Node = scenarioJsonSchema()): string {
  const { $defs = {}, ...top } = schema;
  const sections: Section[] = [{ title: 'The file', variants: [top] }];
  const texts: string[] = [];
  for (let i = 0; i < sections.length; i++) {
    texts.push(sectionText(sections[i]!, (section) => void sections.push(section)));
  }
  for (const [name, node] of Object.entries($defs)) texts.push(...definition(name, node));
  return `# The scenario file, field by field

${GENERATED} The same as JSON Schema, for editors: \`meshproof schema\`. [scenarios.md](../scenarios.md) explains the parts, with examples.

A field with \`?\` may be left out. A duration is written as \`8ms\`, a rate as \`50/s\`, a share as \`2%\`, a size as \`2KiB\`
([units](../scenarios.md#units)).

${texts.join('\n')}`;
}

/** A part that several fields refer to, with what lies in it. */
function definition(name: string, node: Node): string[] {
  const sections: Section[] = [];
  const enqueue = (section: Section) => void sections.push(section);
  const inner = node.items ?? node;
  const plain = alternatives(inner).filter((one) => !isObject(one));
  const short =
    plain.length > 0
      ? `${capital(plain.map((one) => typeText(one, name, enqueue)).join(' or '))}, or an object.\n\n`
      : '';
  const listed = node.items ? `A list${node.maxItems ? ` of ${node.maxItems} at most` : ''}; each item:\n\n` : '';
  const texts = [sectionText({ title: name, variants: alternatives(inner).filter(isObject) }, enqueue, listed + short)];
  for (let i = 0; i < sections.length; i++) {
    texts.push(sectionText(sections[i]!, enqueue));
  }
  return texts;
}

function sectionText({ title, variants }: Section, enqueue: (section: Section) => void, before = ''): string {
  const parts = [`## ${title}\n`];
  const [only] = variants;
  if (variants.length === 1 && only!.description) parts.push(`${only!.description}\n`);
  if (before) parts.push(before);
  if (variants.length > 1) parts.push(`${variantTable(variants)}\n`);
  const fields = fieldsOf(variants);
  const chooser = discriminator(variants);
  const rows = fields
    .filter(({ name }) => name !== chooser)
    .map((field) =>
      fieldRow(field, variants, chooser, `${title === 'The file' ? '' : `${title}.`}${field.name}`, enqueue),
    );
  if (rows.length > 0) {
    const of =
      variants.length > 1
        ? ['| field | type | default | | of |', '|---|---|---|---|---|']
        : ['| field | type | default | |', '|---|---|---|---|'];
    parts.push(`${[...of, ...rows].join('\n')}\n`);
  }
  const other = variants.flatMap((variant) => [
    ...Object.entries(variant.patternProperties ?? {}),
    ...(typeof variant.additionalProperties === 'object' ? [['any name', variant.additionalProperties] as const] : []),
  ]);
  for (const [name, node] of other) parts.push(`Further fields, \`${name}\`: ${typeText(node, title, enqueue)}.\n`);
  return parts.join('\n');
}

/** What there is to choose from, and what each has. */
function variantTable(variants: readonly Node[]): string {
  const chooser = discriminator(variants);
  const rows = variants.map((variant) => {
    const names = Object.keys(variant.properties ?? {}).filter((name) => name !== chooser);
    const listed = names.map((name) => `\`${name}\`${variant.required?.includes(name) ? '' : '?'}`).join(', ');
    const head = chooser
      ? `\`${String(variant.properties![chooser]!.const)}\` | ${cell(variant.description ?? '')}`
      : '';
    return chooser ? `| ${head} | ${listed} |` : `| ${listed} | ${cell(variant.description ?? '')} |`;
  });
  const head = chooser ? [`| ${chooser} | | fields |`, '|---|---|---|'] : ['| one of these | |', '|---|---|'];
  return [...head, ...rows].join('\n');
}

/** The field whose constant tells the variants apart. */
function discriminator(variants: readonly Node[]): string | undefined {
  if (variants.length < 2) return undefined;
  return Object.keys(variants[0]!.properties ?? {}).find((name) => {
    const constants = variants.map((variant) => variant.properties?.[name]?.const);
    return constants.every((value) => typeof value === 'string') && new Set(constants).size === variants.length;
  });
}

/** Those of all variants; one that is the same in several stands once. */
function fieldsOf(variants: readonly Node[]): Field[] {
  const found = new Map<string, Field>();
  for (const variant of variants) {
    for (const [name, node] of Object.entries(variant.properties ?? {})) {
      const key = `${name} ${JSON.stringify(node)}`;
      const field = found.get(key) ?? { name, node, required: true, of: [] };
      field.of.push(variant);
      field.required &&= variant.required?.includes(name) ?? false;
      found.set(key, field);
    }
  }
  return [...found.values()];
}

function fieldRow(
  field: Field,
  variants: readonly Node[],
  chooser: string | undefined,
  path: string,
  enqueue: (s: Section) => void,
): string {
  const { name, node, required, of } = field;
  const cells = [
    `\`${name}\`${required ? '' : '?'}`,
    typeText(node, path, enqueue),
    node.default === undefined || typeof node.default === 'object' ? '' : `\`${String(node.default)}\``,
    cell(node.description ?? ''),
  ];
  if (variants.length > 1) {
    const names = chooser ? of.map((variant) => String(variant.properties![chooser]!.const)) : [];
    cells.push(of.length === variants.length || names.length > 8 ? '' : codes(names));
  }
  return `| ${cells.join(' | ')} |`;
}

/** What may stand there; an object gets a section of its own. */
function typeText(node: Node, path: string, enqueue: (section: Section) => void): string {
  if (node.$ref) return refLink(node.$ref);
  if (node.items) return `list of ${typeText(node.items, `${path}[]`, enqueue)}`;
  const all = alternatives(node);
  const objects = all.filter(isObject);
  const texts = all.filter((one) => !isObject(one)).map(plainText);
  if (objects.length > 0) {
    enqueue({ title: path, variants: objects });
    texts.push(`[object](#${slugOf(path)})`);
  }
  return [...new Set(texts)].join(' or ');
}

function plainText(node: Node): string {
  if (node.$ref) return refLink(node.$ref);
  if (node.items) return `list of ${plainText(node.items)}`;
  if (node.const !== undefined) return `\`${String(node.const)}\``;
  if (node.enum) return codes(node.enum.map(String));
  const unit = Object.entries(UNIT_PATTERNS).find(([, pattern]) => pattern === node.pattern)?.[0];
  if (unit) return unit === 'percent' ? 'share' : unit;
  if (node.type === 'object')
    return typeof node.additionalProperties === 'object' ? `map of ${plainText(node.additionalProperties)}` : 'object';
  const { minimum, maximum } = node;
  const bounded = minimum !== undefined && maximum !== undefined && maximum < Number.MAX_SAFE_INTEGER;
  const example =
    node.type === 'string' && node.examples?.length ? `, as in ${codes(node.examples.slice(0, 2).map(String))}` : '';
  return `${node.type ?? 'any'}${bounded ? ` from ${minimum} to ${maximum}` : ''}${example}`;
}

function alternatives(node: Node): Node[] {
  const among = node.anyOf ?? node.oneOf;
  return among ? among.flatMap(alternatives) : [node];
}

const isObject = (node: Node) => node.properties !== undefined;

function refLink(ref: string): string {
  const name = ref.replace(/^#\/\$defs\//, '');
  return `[${name}](#${slugOf(name)})`;
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
