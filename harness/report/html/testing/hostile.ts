import type { z } from 'zod';

/** What runs, fetches or breaks out wherever it is put into a page as it is. */
const PAYLOAD = `</style></title></svg><script>globalThis.ran=1;alert(1)</script><img src="https://a.example/x" onerror="globalThis.ran=2"><style>@import "https://b.example/y";</style><!--"'\`&amp;]]>\u202e`;

/** The payload behind a text: equal texts stay equal, so that what belongs together is still found. */
export function hostileText(text: string): string {
  return `${text}${PAYLOAD}`;
}

/**
 * A record in which every text that may be any text (no word of a list, no date) has the payload in it: what comes from outside
 * may be anything that the schema permits.
 */
export function hostile<T>(record: T, schema: z.ZodType<T>): T {
  const copy = JSON.parse(JSON.stringify(record)) as T;
  const isValid = () => schema.safeParse(copy).success;
  if (!isValid()) throw new Error('the record is not valid as it is');
  const visit = (node: unknown): void => {
    if (typeof node !== 'object' || node === null) return;
    const fields = node as Record<string, unknown>;
    for (const [key, value] of Object.entries(fields)) {
      if (typeof value !== 'string') {
        visit(value);
        continue;
      }
      fields[key] = hostileText(value);
      if (!isValid()) fields[key] = value;
    }
  };
  visit(copy);
  return copy;
}
