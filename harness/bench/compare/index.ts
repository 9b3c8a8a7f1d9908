import { EXIT, HarnessError } from '../../core/errors.ts';
import type { Comparison } from '../../result/bench/types.ts';
import { type Draft, rowsOf } from './draft.ts';
import { capacityCaveats, capacityDrafts } from './kinds/capacity.ts';
import { faultsCaveats, faultsDrafts } from './kinds/faults.ts';
import { microCaveats, microDrafts } from './kinds/micro.ts';
import { runCaveats, runDrafts } from './kinds/run.ts';
import { scrapeCaveats, scrapeDrafts } from './kinds/scrape.ts';
import { upgradeCaveats, upgradeDrafts } from './kinds/upgrade.ts';
import { findRecord } from './place.ts';
import { type AnyRecord, type Kind, type RecordOf, readRecord } from './record.ts';

/** A record, and what it is called in the comparison. */
export interface Named {
  name: string;
  record: AnyRecord;
}

const KINDS: { [K in Kind]: Comparer<RecordOf<K>> } = {
  Result: { drafts: runDrafts, caveats: runCaveats },
  FaultsResult: { drafts: faultsDrafts, caveats: faultsCaveats },
  UpgradeResult: { drafts: upgradeDrafts, caveats: upgradeCaveats },
  CapacityResult: { drafts: capacityDrafts, caveats: capacityCaveats },
  ScrapeResult: { drafts: scrapeDrafts, caveats: scrapeCaveats },
  MicroResult: { drafts: microDrafts, caveats: microCaveats },
};

interface Comparer<R> {
  drafts(a: R, b: R): Draft[];
  caveats(a: R, b: R): string[];
}

/**
 * Sets two records of one kind side by side. Pure. docs/compare.md says how noise is had.
 * @throws HarnessError KINDS_DIFFER
 */
export function compareResults(a: Named, b: Named): Comparison {
  const kind = a.record.kind;
  if (kind !== b.record.kind) {
    throw new HarnessError('KINDS_DIFFER', `${a.name} is a ${kind}, and ${b.name} is a ${b.record.kind}`, {
      hint: 'only results of the same command can be compared',
      exitCode: EXIT.invalidInput,
    });
  }
  // Both are of this kind, which the type of the table can't say.
  const { drafts, caveats } = KINDS[kind] as unknown as Comparer<AnyRecord>;
  return {
    kind: 'Comparison',
    of: kind,
    a: a.name,
    b: b.name,
    caveats: caveats(a.record, b.record),
    rows: rowsOf(drafts(a.record, b.record)),
  };
}

/**
 * As compareResults, of files, folders of results or their names.
 * @param results where folders are that are named by their name alone
 * @throws HarnessError RESULT_NOT_READABLE, RESULT_INVALID, RESULT_AMBIGUOUS, KINDS_DIFFER
 */
export async function compareFiles(a: string, b: string, results: string): Promise<Comparison> {
  const [left, right] = [await named(a, results), await named(b, results)];
  return compareResults(left, right);
}

async function named(place: string, results: string): Promise<Named> {
  return { name: place, record: await readRecord(await findRecord(place, results)) };
}
