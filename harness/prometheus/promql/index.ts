/** A reader of PromQL: text to tree and back. */
export * from './ast.ts';
export { binary, durationOf, matches, numberOf, parenthesised, withMatcher, withoutLabel } from './build.ts';
export { PromqlError } from './error.ts';
export { parse, tryParse } from './parse.ts';
export { print, same } from './print.ts';
export { labelSet, quote } from './text.ts';
export { childrenOf, selectorsOf, transform, walk } from './walk.ts';
