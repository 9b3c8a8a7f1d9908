import { ALL_CAUSE_IDS } from '../../causes/ids.ts';
import { CONTROL_PLANE } from '../../causes/placeholders.ts';
import { remedyOf } from './remedy.ts';
import type { Finding } from './types.ts';

/** One finding for each set of causes and subject: pods and evidence of all, in the catalogue's order. */
export function mergeFindings(found: readonly Finding[]): Finding[] {
  const byKey = new Map<string, Finding[]>();
  for (const finding of found) {
    const key = JSON.stringify([[...finding.causes].sort(), finding.subject]);
    byKey.set(key, [...(byKey.get(key) ?? []), finding]);
  }
  return [...byKey.values()].map(merged).sort(byCatalogue);
}

function merged(same: Finding[]): Finding {
  const [first, ...others] = same as [Finding, ...Finding[]];
  const pods = [...new Set(same.flatMap((f) => f.pods))].sort();
  if (others.length === 0) return { ...first, pods };
  const remedy = unique(remediesOf(same));
  return {
    ...first,
    pods,
    summary: together(unique(same.map((f) => f.summary))),
    evidence: unique(same.flatMap((f) => f.evidence)),
    ...(remedy.length > 0 && { remedy }),
  };
}

/** Where some say what to do and some leave it to the catalogue, both hold: each for its own pods. Empty: the catalogue's. */
function remediesOf(same: readonly Finding[]): string[] {
  const own = same.flatMap((f) => f.remedy ?? []);
  const others = same.filter((f) => f.remedy === undefined);
  const [first] = others;
  if (own.length === 0 || first === undefined) return own;
  return [...own, ...remedyOf({ ...first, pods: others.flatMap((f) => f.pods) }, CONTROL_PLANE)];
}

const SHOWN = 3;

function together(sentences: string[]): string {
  const rest = sentences.length - SHOWN;
  return [...sentences.slice(0, SHOWN), ...(rest > 0 ? [`And ${rest} more like these.`] : [])].join(' ');
}

function unique(texts: string[]): string[] {
  return [...new Set(texts)];
}

function byCatalogue(a: Finding, b: Finding): number {
  const at = (finding: Finding) => ALL_CAUSE_IDS.indexOf(finding.causes[0]);
  return at(a) - at(b) || (a.subject < b.subject ? -1 : a.subject > b.subject ? 1 : 0);
}
