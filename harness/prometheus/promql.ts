/** PromQL: its text and its syntax tree live in promql/. */
export { labelSet, quote } from './promql/text.ts';
