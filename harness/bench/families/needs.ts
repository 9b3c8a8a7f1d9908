import { type Expr, matches, type Selector, selectorsOf, tryParse } from '../../prometheus/promql/index.ts';
import type { KnownQuery } from './types.ts';

/** What a family's samples may be called: `''` for all but histograms. */
export type Part = '' | '_bucket' | '_count' | '_sum';

/** A query that needs some of a family. */
export interface Need {
  name: string;
  part: Part;
}

interface Parsed extends KnownQuery {
  selectors: Selector[];
}

/** Who needs what of the families; queries that do not parse need nothing. */
export class Needs {
  readonly #queries: Parsed[];

  constructor(queries: readonly KnownQuery[]) {
    const parsed = queries.map((query): Parsed => ({ ...query, selectors: selectorsIn(query.expr) }));
    const rules = parsed.filter(({ records }) => records);
    // An alert on what a rule records needs what the rule needs.
    this.#queries = parsed.map((query) => ({ ...query, selectors: withRecorded(query.selectors, rules) }));
  }

  /** Each query once for each part that it needs. */
  of(family: string, parts: readonly Part[]): Need[] {
    return parts.flatMap((part) => {
      const sample = family + part;
      const names = this.#queries
        .filter(({ selectors }) => selectors.some((selector) => selects(selector, sample)))
        .map(({ name }) => name);
      return [...new Set(names)].map((name): Need => ({ name, part }));
    });
  }
}

function selectorsIn(text: string): Selector[] {
  const expr: Expr | null = tryParse(text);
  return expr ? selectorsOf(expr) : [];
}

function withRecorded(selectors: readonly Selector[], rules: readonly Parsed[]): Selector[] {
  const all = [...selectors];
  const seen = new Set<Parsed>();
  for (const selector of all) {
    for (const rule of rules) {
      if (seen.has(rule) || !rule.records || !selects(selector, rule.records)) continue;
      seen.add(rule);
      all.push(...rule.selectors);
    }
  }
  return all;
}

/** Whether it asks for samples of that name; one that names none is about what all samples have, `up` or jobs. */
function selects({ name, matchers }: Selector, sample: string): boolean {
  if (name !== '') return name === sample;
  const ofName = matchers.filter(({ label }) => label === '__name__');
  // What can't be told may be needed.
  return ofName.length > 0 && ofName.every((matcher) => matches(matcher, sample) !== false);
}
