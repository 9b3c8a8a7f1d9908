import type { Path } from '../error.ts';
import type { FaultParams, FaultSpec, FaultType } from '../fault.ts';
import { FAULT_KINDS } from '../fault-kinds.ts';
import { LOAD_WORKLOAD } from '../model.ts';
import type { FaultEntry } from '../schema/faults.ts';
import type { ScenarioFile } from '../schema/file.ts';
import { didYouMean } from '../suggest.ts';
import type { Catalogue } from './catalogue.ts';
import type { Context } from './context.ts';
import { checkBeforeEnd } from './timeline.ts';

/** Namespaces that are there besides those of services. */
const OTHER_NAMESPACES = ['linkerd', 'linkerd-viz', LOAD_WORKLOAD.namespace];

/** Failures of telemetry, with their parameters in the units of the model. */
export function toFaults(
  file: ScenarioFile,
  catalogue: Catalogue,
  trafficEndMs: number,
  context: Context,
): FaultSpec[] {
  const done: { spec: FaultSpec; index: number }[] = [];
  file.faults.forEach((entry, index) => {
    const at: Path = ['faults', index];
    if (entry.at !== undefined) {
      checkBeforeEnd(entry.at, [...at, 'at'], `${entry.type} begins`, trafficEndMs, context);
    }
    const pods = toPods(entry, at, catalogue, context);
    const params = toParams(entry, at, catalogue, context);
    if (!pods || !params) return;
    const atMs = entry.at ?? null;
    const untilMs = entry.for === undefined ? null : (atMs ?? 0) + entry.for;
    // Of one type all through: params come from the same entry.
    const spec = { type: entry.type, atMs, untilMs, ...pods, params } as FaultSpec;
    const rival = done.find((d) => isSame(d.spec, spec));
    if (rival) {
      context.report(
        at,
        `faults[${rival.index}] is ${entry.type} already, of the same at the same time`,
        'remove one, or let one end before the other begins',
      );
    }
    done.push({ spec, index });
  });
  return done.map(({ spec }) => spec);
}

type Pods = Pick<FaultSpec, 'service' | 'replica'>;

function toPods(entry: FaultEntry, at: Path, catalogue: Catalogue, context: Context): Pods | null {
  const { concerns, serves } = FAULT_KINDS[entry.type];
  if (concerns === 'none') return { service: null, replica: null };
  // What is missing has been reported.
  if (entry.service === undefined) return null;
  const where = [...at, 'service'];
  const found = catalogue.resolveWorkload(entry.service, context.namespace, where, `${entry.type} names`);
  if (!found) return null;
  if (serves && found.id === LOAD_WORKLOAD.id) {
    context.report(
      where,
      `${entry.type} concerns pods that serve, and the load generator serves nothing`,
      'name a service',
    );
    return null;
  }
  const replica = entry.replica ?? null;
  if (replica !== null && replica >= found.replicas && context.complete.replicas) {
    const last = found.replicas - 1;
    context.report(
      [...at, 'replica'],
      `${found.id} has no replica ${replica}`,
      last === 0 ? 'it has one, number 0; add `replicas:` for more' : `they are numbered 0 to ${last}`,
    );
  }
  return { service: found.id, replica };
}

/** The parameters in the model's units; null and a report where a name means nothing. */
function toParams(entry: FaultEntry, at: Path, catalogue: Catalogue, context: Context): FaultParams[FaultType] | null {
  switch (entry.type) {
    case 'rbac-namespaces':
      entry.namespaces.forEach((name, i) => {
        checkNamespace(name, [...at, 'namespaces', i], catalogue, context);
      });
      entry.asked?.forEach((name, i) => {
        checkNamespace(name, [...at, 'asked', i], catalogue, context);
      });
      return { namespaces: entry.namespaces, ...(entry.asked && { asked: entry.asked }) };
    case 'slow-page':
      return { delayMs: entry.delay };
    case 'scrape-limits': {
      const { samples, labels, body } = entry;
      if (samples === undefined && labels === undefined && body === undefined && context.isWhole(at)) {
        context.report(at, 'this limits nothing', 'add `samples: 50`, `labels: 10` or `body: 4KiB`');
      }
      return {
        ...(samples === undefined ? {} : { samples }),
        ...(labels === undefined ? {} : { labels }),
        ...(body === undefined ? {} : { bodyBytes: body }),
      };
    }
    case 'prometheus-clock': {
      const { ahead, behind } = entry;
      if ((ahead === undefined) === (behind === undefined) && context.isWhole(at)) {
        context.report(at, 'the clock is either ahead or behind', 'write `ahead: 90s`, or `behind: 90s`');
        return null;
      }
      return { aheadMs: ahead ?? -(behind ?? 0) };
    }
    case 'skip-outbound': {
      const callee = catalogue.resolve(entry.to, context.namespace, [...at, 'to'], `${entry.type} names`);
      return callee && { to: callee.id };
    }
    case 'detection-timeout':
      return { timeoutMs: entry.timeout };
    case 'retain-idle':
      return { afterMs: entry.after };
    case 'short-lived-pod':
      return { livesForMs: entry.livesFor };
    default: {
      const { type: _type, at: _at, for: _for, service: _service, replica: _replica, ...params } = entry;
      return params;
    }
  }
}

function checkNamespace(name: string, at: Path, catalogue: Catalogue, context: Context): void {
  const known = [...new Set([...catalogue.services.map((s) => s.namespace), ...OTHER_NAMESPACES])];
  if (known.includes(name) || !context.complete.services) return;
  context.report(at, `there is no namespace ${name}`, didYouMean(name, known));
}

/** Whether both do the same to the same pods at the same time. */
function isSame(a: FaultSpec, b: FaultSpec): boolean {
  if (a.type !== b.type || !samePods(a, b)) return false;
  const { key, at } = FAULT_KINDS[a.type];
  const value = (spec: FaultSpec) => (key ? (spec.params as Record<string, unknown>)[key] : undefined);
  if (value(a) !== value(b)) return false;
  if (at === 'once') return a.atMs === b.atMs;
  const end = (spec: FaultSpec) => spec.untilMs ?? Number.POSITIVE_INFINITY;
  const start = (spec: FaultSpec) => spec.atMs ?? Number.NEGATIVE_INFINITY;
  return start(a) < end(b) && start(b) < end(a);
}

function samePods(a: Pods, b: Pods): boolean {
  return a.service === b.service && (a.replica === null || b.replica === null || a.replica === b.replica);
}
