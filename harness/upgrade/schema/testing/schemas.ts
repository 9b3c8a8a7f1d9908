import type { FamilySchema, LabelSchema, MeshSchema, TargetSchema } from '../../types.ts';
import { schemaOfPages } from '../pages.ts';

/** What pages of this text expose; nothing else is known of the mesh. */
export function schemaOf(pages: string | readonly string[], over: Partial<MeshSchema> = {}): MeshSchema {
  const texts = (typeof pages === 'string' ? [pages] : pages).map((text) => `${text.trim()}\n`);
  return { ...schemaOfPages(texts, new Set(['web', 'cart'])), targets: [], rules: {}, adminPorts: {}, ...over };
}

/** A family as it would be read of a page. */
export function familyOf(
  name: string,
  over: Partial<FamilySchema> = {},
  labels: readonly LabelSchema[] = [],
): FamilySchema {
  const variants = [{ of: {}, labels: [...labels], series: 3 }];
  return { name, type: 'counter', unit: '', help: `Of ${name}`, empty: false, variants, buckets: null, ...over };
}

export function meshOf(families: FamilySchema[], over: Partial<MeshSchema> = {}): MeshSchema {
  const page = { end: '# EOF', 'families without a series': 'headers', duplicates: '' };
  return { families, targets: [], seriesPerProxy: 10, bytesPerScrape: 1000, page, rules: {}, adminPorts: {}, ...over };
}

export const labelOf = (name: string, values: string[], open = false): LabelSchema => ({
  ...{ name, open, values, everywhere: true },
});

export function targetOf(job: string, of: string, over: Partial<TargetSchema> = {}): TargetSchema {
  return { job, of, up: 1, down: 0, native: 0, labels: ['instance', 'job'], ...over };
}
