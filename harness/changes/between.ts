import { KNOWN_CHANGES } from './known.ts';
import type { KnownChange } from './types.ts';
import { compareVersions, parseVersion } from './version.ts';

/** From one version to another; `from` may be the newer one. */
export interface VersionStep {
  from: string;
  to: string;
}

/** Whose versions change. */
export interface VersionSteps {
  /** `v2.268.0`, with or without `v`. */
  proxy?: VersionStep;
  /** A release of Linkerd, for its charts: `2.17`, `stable-2.14.10`, `edge-26.8.3`. */
  linkerd?: VersionStep;
  prometheus?: VersionStep;
}

/** A change that a step makes. */
export interface AppliedChange {
  change: KnownChange;
  /** It is undone: the step leads from a version that is so to one that is not, be it older or mended. */
  reversed: boolean;
}

/**
 * The known changes that a step from one version to another makes or undoes, the oldest first (of a way back the newest first), so
 * that of renames each begins where the one before it ended. Versions are compared as numbers: they need no profile.
 * What is no version at all has no changes.
 */
export function changesBetween(steps: VersionSteps, known: readonly KnownChange[] = KNOWN_CHANGES): AppliedChange[] {
  const found: (AppliedChange & { back: boolean })[] = [];
  for (const change of known) {
    const step = { proxy: steps.proxy, chart: steps.linkerd, prometheus: steps.prometheus }[change.of];
    if (!step || !parseVersion(step.from) || !parseVersion(step.to)) continue;
    const [before, after] = [isSo(change, step.from), isSo(change, step.to)];
    if (before !== after) found.push({ change, reversed: before, back: isOlder(step.to, step.from) });
  }
  const age = (a: KnownChange, b: KnownChange) => (a.of === b.of ? compareVersions(a.since, b.since) : 0);
  found.sort((a, b) => (a.back && b.back ? -age(a.change, b.change) : age(a.change, b.change)));
  return found.map(({ change, reversed }) => ({ change, reversed }));
}

/** Whether a version is as the change says. */
export function isSo(change: Pick<KnownChange, 'since' | 'until' | 'edge' | 'untilEdge'>, version: string): boolean {
  return (
    notBefore(version, change.since, change.edge) &&
    (change.until === undefined || !notBefore(version, change.until, change.untilEdge))
  );
}

function notBefore(version: string, since: string, edge: string | undefined): boolean {
  if (!parseVersion(version)?.edge) return compareVersions(version, since) >= 0;
  // Of an edge whose place among the releases is not told, the oldest release comes first.
  return edge !== undefined && compareVersions(version, edge) >= 0;
}

/** Edges come after what they lead to; a release and an edge can't be told apart by their numbers. */
function isOlder(a: string, b: string): boolean {
  const [left, right] = [parseVersion(a), parseVersion(b)];
  if (!left || !right) return false;
  if (left.edge !== right.edge) return right.edge;
  return compareVersions(a, b) < 0;
}
