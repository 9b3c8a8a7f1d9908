/** Why things are otherwise after an upgrade. */
export { type Explanation, explainQuery, type Fared } from './explain.ts';
export { foreseenReason } from './foreseen.ts';
export { notableReasons } from './notable.ts';
export { type Edit, editsOf, rewritten } from './rewrite.ts';
