import type { Experts } from './analysis.ts';
import { askQueries } from './queries/index.ts';
import { collectSchema, diffSchemas } from './schema/index.ts';
import { explainQuery } from './why/index.ts';
import type { WorldObservers } from './world.ts';

/** What a real upgrade looks at, and who makes what of it. */
export const observers: WorldObservers = { schema: collectSchema, answers: askQueries };

export const experts: Experts = {
  diff: diffSchemas,
  explain: explainQuery,
};
