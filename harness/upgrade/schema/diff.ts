import { changesBetween, type VersionSteps } from '../../changes/index.ts';
import type { SchemaDifference } from '../../result/upgrade/types.ts';
import type { MeshSchema } from '../types.ts';
import { familyChanges } from './families.ts';
import { headerChanges } from './headers.ts';
import { labelChanges } from './labels.ts';
import { meaningChanges, pageChanges } from './page.ts';
import { Reasons } from './reasons.ts';
import { sideOf } from './side.ts';
import { targetChanges } from './target-changes.ts';

/**
 * What differs between what the worlds of one side and of the other expose, in as few lines as tell it: a family that is gone says
 * nothing of its labels, what is alike is one line. What differs from run to run is left out.
 * @param versions of the proxies, of Linkerd and of Prometheus, for the reasons; what is the same on both sides may be left out
 */
export function diffSchemas(
  before: readonly MeshSchema[],
  after: readonly MeshSchema[],
  versions: VersionSteps,
): SchemaDifference {
  const [left, right] = [sideOf(before), sideOf(after)];
  const reasons = new Reasons(changesBetween(versions));
  const changes =
    !left.worlds.any || !right.worlds.any
      ? []
      : [familyChanges, labelChanges, headerChanges, meaningChanges, targetChanges, pageChanges].flatMap((look) =>
          look(left, right, reasons),
        );
  return {
    changes,
    seriesPerProxy: { before: left.seriesPerProxy, after: right.seriesPerProxy },
    bytesPerScrape: { before: left.bytesPerScrape, after: right.bytesPerScrape },
  };
}
