/** What is known to have changed in what Linkerd's proxies, its charts and Prometheus say. */
export { type AppliedChange, changesBetween, isSo, type VersionStep, type VersionSteps } from './between.ts';
export {
  type FamilyHistory,
  familyHistory,
  familyNames,
  hasIt,
  type LabelHistory,
  labelHistory,
  spanText,
} from './history.ts';
export { KNOWN_CHANGES } from './known.ts';
export type { ChangeSubject, KnownChange, Rewrite } from './types.ts';
export { compareVersions, parseVersion } from './version.ts';
export { changeText, releaseText } from './words.ts';
