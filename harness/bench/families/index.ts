export { familyCosts } from './costs.ts';
export { dropBounds, dropBuckets, dropWhole, sparseBounds, yamlOf } from './drop.ts';
export { knownQueries } from './known-queries.ts';
export type { FamiliesShape, FamilyOptions, KnownQuery } from './types.ts';
