import type { MetricLedger } from '../ledger/types.ts';
import type { FlowResult } from '../result/types.ts';
import { FAMILY_BY_NAME } from './families.ts';
import { RESPONSES_OF } from './flow-truth.ts';
import { NOT_RECONCILED } from './not-reconciled.ts';
import type { ObservedSegment } from './reconcile.ts';
import type { Recorder } from './recorder.ts';
import type { Truth } from './truth.ts';
import { type Versions, versionText } from './versions/index.ts';

/** Remarks that change no verdict, but that a reader must know to read the numbers. */
export function notesOf(input: {
  truth: Truth;
  prometheus: MetricLedger;
  observed: readonly ObservedSegment[];
  flows: readonly FlowResult[];
  recorder: Recorder;
  versions: Versions;
}): string[] {
  return [
    ...unobservable(input.flows, input.recorder),
    ...unshown(input.recorder),
    ...outcomes(input.truth, input.versions),
    ...widths(input.recorder),
    ...dilution(input.observed),
    ...unknownFamilies(input.prometheus),
  ];
}

function unobservable(flows: readonly FlowResult[], recorder: Recorder): string[] {
  return flows
    .map((f) => ({ ...f, died: f.unobservable - recorder.unshownOf(f) }))
    .filter((f) => f.died > 0)
    .map(
      (f) =>
        `${f.died} responses ${f.source} -> ${f.destination} (${f.direction}, status ${f.status || 'none'}) are unobservable: they died with an incarnation after its last scrape`,
    );
}

/** Flows that the proxies of these versions have no family for. */
function unshown({ unshown }: Recorder): string[] {
  return [...unshown.values()]
    .filter(({ count }) => count > 0)
    .map(
      ({ flow, family, versions, count }) =>
        `${count} requests ${flow}, are unobservable: proxies ${[...versions].sort().join(', ')} have no ${family}`,
    );
}

function outcomes(truth: Truth, versions: Versions): string[] {
  let gone = 0;
  let failfast = 0;
  let mesh = 0;
  const refused = { denied: 0, 'no-route': 0, limited: 0 };
  for (const m of truth.requests) {
    if (m.refusal !== null) refused[m.refusal]++;
    else if (m.kind === 'gone') gone++;
    else if (m.kind === 'failfast') failfast++;
    else if (m.kind === 'mesh') mesh++;
  }
  const notes: string[] = [];
  if (gone > 0)
    notes.push(
      `${gone} requests ended without a complete answer (given up or cut off): Linkerd counts them as requests, not all as responses`,
    );
  const { denied, limited } = refused;
  if (denied > 0)
    notes.push(
      `${denied} requests were denied: their callers' proxies count answers with a status (403 is a success), their callees' only inbound_http_authz_deny_total`,
    );
  if (refused['no-route'] > 0) notes.push(`${refused['no-route']} requests matched no route of their callee's Server`);
  if (limited > 0) notes.push(`${limited} requests exceeded a limit of rates`);
  if (failfast > 0)
    notes.push(
      `${failfast} requests ended in failfast: request_total and response_total do not show them, only the route's statuses do${withoutStatuses(versions)}`,
    );
  if (mesh > 0)
    notes.push(
      `${mesh} answers were made by the mesh: only their callers know of them, so each is bounded by the caller's truth alone`,
    );
  return notes;
}

function withoutStatuses(versions: Versions): string {
  const old = versions.all().filter((dialect) => !dialect.has(RESPONSES_OF.http));
  const names = old.map(({ version }) => versionText(version)).sort();
  return old.length > 0 ? `, which proxies ${names.join(', ')} do not have` : '';
}

function widths(recorder: Recorder): string[] {
  return [...recorder.widths.values()].map(
    ({ subject: s, width }) =>
      `${s.family} ${s.source} -> ${s.destination} (${s.direction}): the truth leaves an interval of ${width} at the end, because a caller gave up, or the mesh answered, and nobody knows how far the request had come`,
  );
}

function dilution(observed: readonly ObservedSegment[]): string[] {
  const byWorkload = new Map<string, { other: number; app: number }>();
  for (const o of observed) {
    const workload = o.segment.instance.workload;
    const sum = byWorkload.get(workload) ?? { other: 0, app: 0 };
    sum.other += o.cells.other;
    for (const cell of o.cells.cells.values()) {
      if (cell.family.name === 'request_total' && cell.peer.startsWith('in|')) sum.app += cell.last;
    }
    byWorkload.set(workload, sum);
  }
  const diluted = [...byWorkload].filter(([, s]) => s.app > 0 && s.other > 0);
  if (diluted.length === 0) return [];
  const worst = diluted.reduce((a, b) => (b[1].other / b[1].app > a[1].other / a[1].app ? b : a));
  const { other, app } = worst[1];
  const percent = ((100 * other) / (other + app)).toFixed(1);
  return [
    `probes, scrapes and other unmeshed requests are no flows; they dilute queries without tls="true" most at ${worst[0]}: ${other} beside ${app} of the app (${percent} %)`,
  ];
}

function unknownFamilies(ledger: MetricLedger): string[] {
  const names = new Set(ledger.series.map((s) => s.name));
  const unknown = [...names].filter(
    (n) => !FAMILY_BY_NAME.has(n) && !NOT_RECONCILED.some((f) => n.startsWith(f.prefix)),
  );
  return unknown.length > 0 ? [`not reconciled, because unknown: ${unknown.sort().join(', ')}`] : [];
}
