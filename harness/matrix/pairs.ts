import { type CauseId, groupOf } from '../causes/ids.ts';
import { EXIT, HarnessError } from '../core/errors.ts';
import type { ExpectedPods, FaultCase, Random, Varied } from './types.ts';

/** Listing pods fails at the first of these: of two only one can show. */
const ACCESS: readonly CauseId[] = ['api-ca-untrusted', 'token-expired', 'rbac-denied', 'rbac-some-namespaces'];
/** Prometheus has no target of any proxy. */
const NO_TARGETS: readonly CauseId[] = [
  'api-ca-untrusted',
  'token-expired',
  'rbac-denied',
  'annotation-scrape-config',
  'keep-rule-keeps-nothing',
  'native-sidecars-filtered-out',
];
/** It has, and no scrape of any gets through. */
const NO_SCRAPES: readonly CauseId[] = ['tls-to-plaintext-port', 'scrape-limit-exceeded'];

/** Whether each of two faults can show when the other is there too: some leave nothing that the other could show in. */
export function canBothShow(a: CauseId, b: CauseId): boolean {
  if (a === b) return false;
  if (ACCESS.includes(a) && ACCESS.includes(b)) return false;
  return !hides(a, b) && !hides(b, a);
}

function hides(one: CauseId, other: CauseId): boolean {
  if (NO_TARGETS.includes(one)) return groupOf(other) === 'scrapes' || NO_TARGETS.includes(other);
  return NO_SCRAPES.includes(one) && groupOf(other) === 'scrapes';
}

/** Whether they are about pods of which none is in both; what concerns all proxies or none stands in nobody's way. */
function apart(a: ExpectedPods, b: ExpectedPods): boolean {
  if (a.of !== 'services' || b.of !== 'services') return true;
  return !a.pods.some((x) =>
    b.pods.some(
      (y) => x.service === y.service && (x.replica === null || y.replica === null || x.replica === y.replica),
    ),
  );
}

export interface Pair {
  cases: [FaultCase, FaultCase];
  varied: Varied[];
}

const MAX_DRAWS = 1000;

/**
 * Two faults in one world, drawn until both can show: the world of one case, with the fault of another put into it.
 * @throws HarnessError NO_PAIRS
 */
export function drawPair(
  cases: readonly FaultCase[],
  world: (of: FaultCase) => Varied['scenario'],
  random: Random,
): Pair {
  const able = cases.filter((one) => one.addTo);
  for (let draw = 0; draw < MAX_DRAWS && able.length > 1; draw++) {
    const [first, second] = [random.pick(able), random.pick(able)];
    if (!canBothShow(first.cause, second.cause)) continue;
    const one = first.vary(world(first), random);
    const other = second.addTo!(one.scenario, random);
    if (!apart(one.expected.pods, other.expected.pods)) continue;
    return { cases: [first, second], varied: [one, other] };
  }
  throw new HarnessError('NO_PAIRS', 'there are no two of these cases whose faults can show in one world', {
    hint: 'name more cases, or none for all of them; or leave out --pairs',
    exitCode: EXIT.invalidInput,
  });
}
