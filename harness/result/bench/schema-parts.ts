import { z } from 'zod';
import { resultSchema } from '../schema.ts';
import type { Estimate, Machine, PartUsage, RunError } from './types.ts';

/** What the schemas of several records share. JSON has no infinity, so an open end of an interval is null there. */
export const count = z.number().int().nonnegative();
export const ms = z.number().nonnegative();
export const amount = z.number().nonnegative();
export const share = z.number().min(0).max(1);
export const { startedAt } = resultSchema.shape;

export const error = z
  .strictObject({
    code: z.string().describe('Stable, upper snake case.'),
    message: z.string().describe('What is wrong, with the place.'),
    hint: z.string().describe('What can be done about it.'),
  })
  .optional();

export const machine = z
  .strictObject({
    platform: z.string().describe('Operating system and architecture.'),
    cpu: z.string().describe('Its model.'),
    cores: count.describe('As many as the operating system offers.'),
    memoryBytes: count.describe('Bytes.'),
    node: z.string().describe('Version of Node.'),
  })
  .describe('What it was measured on.');

const low = z
  .number()
  .nullable()
  .transform((value) => value ?? Number.NEGATIVE_INFINITY);
const high = z
  .number()
  .nullable()
  .transform((value) => value ?? Number.POSITIVE_INFINITY);

/** @param unit of its value and both ends, for the field list */
export function estimate(unit: string) {
  return z.strictObject({
    value: z.number().describe(unit),
    low: low.describe('The interval begins here; null: it is open.'),
    high: high.describe('The interval ends here; null: it is open.'),
    level: share.describe('The interval holds the value with this probability, 0 to 1.'),
  });
}

export const partUsage = z.strictObject({
  part: z
    .string()
    .describe(
      "`app`, `proxy`, `control-plane`, `prometheus`, `load`, `harness`; `other`: programs of this machine that are none of the benchmark's.",
    ),
  cores: amount.describe('CPU seconds per second.'),
  cpuSecondsPer1000Requests: amount.describe('CPU seconds per 1,000 requests of the load.'),
  residentBytes: amount.describe('Bytes.'),
});

/** Compiles only while schema and type say the same. */
export type Same<A, B> = [A] extends [B] ? ([B] extends [A] ? true : never) : never;
true satisfies Same<z.output<typeof machine>, Machine>;
true satisfies Same<z.output<ReturnType<typeof estimate>>, Estimate>;
true satisfies Same<z.output<typeof partUsage>, PartUsage>;
true satisfies Same<z.output<typeof error>, RunError | undefined>;

/** JSON Schema (draft 2020-12) of a record. */
export function jsonSchema(schema: z.ZodType, title: string, description: string): Record<string, unknown> {
  const { $schema, ...rest } = z.toJSONSchema(schema, { io: 'input' });
  return { $schema, title, description, ...rest };
}
