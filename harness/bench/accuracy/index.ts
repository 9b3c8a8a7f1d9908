export { measureAccuracy } from './measure.ts';
export type { AccuracyOptions } from './types.ts';
