import type { Diagnosis } from '../result/types.ts';
import type { NamedCause, Score, Tally, WorldKind, WorldRecord } from './record.ts';

/** As much of a diagnosis as is judged. */
type Named = Pick<Diagnosis, 'causes' | 'pods' | 'summary'>;

export interface Judged {
  right: boolean;
  /** Expected causes that were named with exactly their pods. */
  found: NamedCause[];
  /** Diagnoses that nothing expected explains. */
  wrong: Named[];
  /** Empty when it is right. */
  why: string;
}

/**
 * Right: for each expected cause one diagnosis that names it alone, with exactly its pods; and no other diagnosis.
 */
export function judgeWorld(expected: readonly NamedCause[], diagnoses: readonly Named[]): Judged {
  const left = [...diagnoses];
  const found: NamedCause[] = [];
  const complaints: string[] = [];
  const take = (matches: (diagnosis: Named) => boolean) => {
    const at = left.findIndex(matches);
    return at < 0 ? undefined : left.splice(at, 1)[0];
  };
  const missing = expected.filter((one) => {
    if (!take((d) => decides(d, one.cause) && podsDiffer(one.pods, d.pods) === '')) return true;
    found.push(one);
    return false;
  });
  for (const one of missing) {
    const near = take((d) => d.causes.includes(one.cause));
    if (!near) complaints.push(`${one.cause} was not named`);
    else if (!decides(near, one.cause)) complaints.push(`undecided between ${near.causes.join(' and ')}`);
    else complaints.push(`${one.cause} names other pods: ${podsDiffer(one.pods, near.pods)}`);
  }
  complaints.push(...left.map((d) => `${d.causes.join(' or ')} was named${podsText(d.pods)}: ${d.summary}`));
  return { right: complaints.length === 0, found, wrong: left, why: complaints.join('; ') };
}

function decides({ causes }: Named, cause: string): boolean {
  return causes.length === 1 && causes[0] === cause;
}

/** Empty when they are the same. */
function podsDiffer(expected: readonly string[], named: readonly string[]): string {
  const missing = expected.filter((pod) => !named.includes(pod));
  const tooMany = named.filter((pod) => !expected.includes(pod));
  const parts = [
    missing.length > 0 ? `without ${missing.join(', ')}` : '',
    tooMany.length > 0 ? `with ${tooMany.join(', ')}` : '',
  ];
  return parts.filter(Boolean).join(', ');
}

const MAX_PODS = 3;

function podsText(pods: readonly string[]): string {
  if (pods.length === 0) return '';
  const more = pods.length > MAX_PODS ? ` and ${pods.length - MAX_PODS} more` : '';
  return ` of ${pods.slice(0, MAX_PODS).join(', ')}${more}`;
}

/** What worlds of each kind came to. */
export function scoreOf(worlds: readonly WorldRecord[]): Score {
  const of = (kind: WorldKind) => worlds.filter((world) => world.kind === kind);
  const pairs = of('pair')
    .filter(({ outcome }) => outcome !== 'error')
    .map(pairScore);
  return {
    faults: tally(of('fault')),
    clean: tally(of('clean')),
    pairs: {
      ...tally(of('pair')),
      bothNamed: pairs.filter(({ both }) => both).length,
      wrongNamed: pairs.filter(({ wrong }) => wrong).length,
    },
  };
}

function tally(worlds: readonly WorldRecord[]): Tally {
  const count = (outcome: WorldRecord['outcome']) => worlds.filter((world) => world.outcome === outcome).length;
  return { worlds: worlds.length, right: count('right'), wrong: count('wrong'), errors: count('error') };
}

/** Both were named; something was named that is not there, or of pods that it does not concern. */
function pairScore({ expected, diagnosed }: WorldRecord): { both: boolean; wrong: boolean } {
  const { found } = judgeWorld(expected, diagnosed);
  const wrong = diagnosed.some((d) => {
    const meant = expected.find((one) => d.causes.includes(one.cause));
    return !meant || d.pods.some((pod) => !meant.pods.includes(pod));
  });
  return { both: found.length === expected.length, wrong };
}
