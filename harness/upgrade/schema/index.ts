/** What a mesh exposes, and how that differs between two versions. */
export { collectSchema } from './collect.ts';
export { diffSchemas } from './diff.ts';
