import fc from 'fast-check';
import { z } from 'zod';
import { capacitySchema } from '../bench/schema-capacity.ts';
import { microSchema } from '../bench/schema-micro.ts';
import { scrapeSchema } from '../bench/schema-scrape.ts';
import { text } from './arbitrary.ts';

interface Node {
  type?: string | string[];
  format?: string;
  const?: unknown;
  enum?: unknown[];
  anyOf?: Node[];
  properties?: Record<string, Node>;
  required?: string[];
  items?: Node;
  prefixItems?: Node[];
  additionalProperties?: Node | false;
  minItems?: number;
  minimum?: number;
  maximum?: number;
}

/** Any record that a schema allows, nasty text included: for property tests of readers, reports and comparisons. */
export function arbitraryOf<S extends z.ZodType>(schema: S): fc.Arbitrary<z.output<S>> {
  const node = z.toJSONSchema(schema, { io: 'input' }) as Node;
  return of(node).map((value) => schema.parse(value));
}

function of(node: Node): fc.Arbitrary<unknown> {
  const { minimum = -1e12, maximum = 1e12 } = node;
  if (node.anyOf) return fc.oneof(...node.anyOf.map(of));
  if (Array.isArray(node.type)) return fc.oneof(...node.type.map((type) => of({ ...node, type })));
  if (node.const !== undefined) return fc.constant(node.const);
  if (node.enum) return fc.constantFrom(...node.enum);
  if (node.prefixItems) return fc.tuple(...node.prefixItems.map(of));
  switch (node.type) {
    case 'object':
      return node.properties
        ? fc.record(Object.fromEntries(Object.entries(node.properties).map(([name, child]) => [name, of(child)])), {
            requiredKeys: node.required ?? [],
          })
        : fc.dictionary(fc.stringMatching(/^[a-z_]{1,9}$/), of(node.additionalProperties as Node), { maxKeys: 3 });
    case 'array':
      return fc.array(of(node.items!), { minLength: node.minItems ?? 0, maxLength: 3 });
    case 'string':
      return node.format === 'date-time' ? fc.constant('2026-01-02T03:04:05.000Z') : text;
    case 'integer':
      return fc.integer({ min: Math.max(minimum, -(2 ** 31)), max: Math.min(maximum, 2 ** 31) });
    case 'number':
      // -0 is 0 in JSON.
      return fc.double({ min: minimum, max: maximum, noNaN: true }).map((value) => value + 0);
    case 'boolean':
      return fc.boolean();
    case 'null':
      return fc.constant(null);
    default:
      throw new RangeError(`no arbitrary of ${JSON.stringify(node)}`);
  }
}

export const arbitraryCapacity = arbitraryOf(capacitySchema);
export const arbitraryScrape = arbitraryOf(scrapeSchema);
export const arbitraryMicro = arbitraryOf(microSchema);
