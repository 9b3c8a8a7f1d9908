import type { Behaviour, RouteConfig } from '../../../sim-services/contract.ts';
import { formatDuration } from '../../core/units.ts';
import type { Path } from '../error.ts';
import type { RestartSpec, ServiceSpec, TimelineSpec } from '../model.ts';
import type { ScenarioFile } from '../schema/file.ts';
import type { ChangeEntry } from '../schema/timeline.ts';
import type { Catalogue } from './catalogue.ts';
import type { Context } from './context.ts';
import { checkResets, toErrors } from './errors.ts';
import { toDistribution } from './latency.ts';
import { checkUnary, toBody } from './response.ts';

/** Changes of behaviour. One that changes the body of several routes becomes one per route, as their bodies differ. */
export function toTimeline(
  file: ScenarioFile,
  services: ServiceSpec[],
  catalogue: Catalogue,
  trafficEndMs: number,
  context: Context,
): TimelineSpec[] {
  const done: { spec: TimelineSpec; index: number }[] = [];
  file.timeline.forEach((entry, index) => {
    const at: Path = ['timeline', index];
    checkBeforeEnd(entry.at, [...at, 'at'], 'the timeline changes something', trafficEndMs, context);
    for (const spec of toChanges(entry, at, services, catalogue, context)) {
      const rival = done.find((d) => d.index !== index && overlap(d.spec, spec));
      if (rival) {
        context.report(
          at,
          `this overlaps with timeline[${rival.index}], which changes the same of ${spec.service}`,
          'let one end before the other begins: `at:` plus `for:`',
        );
      }
      done.push({ spec, index });
    }
  });
  return done.map((d) => d.spec);
}

function toChanges(
  entry: ChangeEntry,
  at: Path,
  services: ServiceSpec[],
  catalogue: Catalogue,
  context: Context,
): TimelineSpec[] {
  if (!entry.latency && entry.latency !== 0 && !entry.errors && !entry.response) {
    context.report(at, 'this changes nothing', 'add `latency:`, `errors:` or `response:`');
  }
  const found = catalogue.resolve(entry.service, context.namespace, [...at, 'service'], 'the timeline changes');
  const service = services.find((s) => s.id === found?.id);
  if (!service) return [];
  const path = entry.route ?? null;
  const method = entry.method ?? null;
  if (method && !path) {
    context.report([...at, 'method'], '`method` needs a `route`', 'add `route:` with the path, or remove `method:`');
  }
  const routes = service.routes.filter(
    (r) => (path === null || r.path === path) && (method === null || r.method === null || r.method === method),
  );
  if (routes.length === 0) {
    // Without a .proto that compiles nobody knows them.
    if (context.complete.routes && service.routes.length > 0) {
      const paths = service.routes.map((r) => (r.method ? `${r.method} ${r.path}` : r.path)).join(', ');
      const what = `${method ? `${method} ` : ''}${path}`;
      context.report(
        [...at, 'route'],
        `the timeline changes ${what} of ${service.id}, but there is no such route`,
        `its routes are ${paths}`,
      );
    }
    return [];
  }
  const protocol = service.protocol ?? 'http';
  const errors = entry.errors ? toErrors(entry.errors, protocol, [...at, 'errors'], context) : undefined;
  const latency = entry.latency === undefined ? undefined : toDistribution(entry.latency, [...at, 'latency'], context);
  const base = { atMs: entry.at, untilMs: entry.for === undefined ? null : entry.at + entry.for, service: service.id };
  const change = (body?: Behaviour['body']): Partial<Behaviour> => ({
    ...(latency ? { latency } : {}),
    ...(errors ? { errors } : {}),
    ...(body ? { body } : {}),
  });
  const response = entry.response;
  const isUnary = (route: RouteConfig) => protocol === 'grpc' && !route.streams;
  if (response && routes.every(isUnary)) checkUnary(response, [...at, 'response'], context);
  const bodies = routes.map((route) => {
    const before = { size: route.body.bytes, chunks: route.body.chunks, over: route.body.overMs };
    const after = response && isUnary(route) ? { size: response.size } : response;
    const body = after ? toBody(route.status, [before, after], [...at, 'response'], context) : route.body;
    if (errors) checkResets(errors, body, protocol, [...at, 'errors'], context);
    else if (response) checkResets(route.errors, body, protocol, [...at, 'response'], context);
    return body;
  });
  if (!response) return [{ ...base, path, method, change: change() }];
  return routes.map((route, i) => ({
    ...base,
    path: route.path,
    method: route.method === 'CONNECT' ? null : route.method,
    change: change(bodies[i]),
  }));
}

function overlap(a: TimelineSpec, b: TimelineSpec): boolean {
  const inTime = a.atMs < (b.untilMs ?? Number.POSITIVE_INFINITY) && b.atMs < (a.untilMs ?? Number.POSITIVE_INFINITY);
  const sameRoute = a.path === null || b.path === null || a.path === b.path;
  const sameMethod = a.method === null || b.method === null || a.method === b.method;
  const sameField = Object.keys(a.change).some((field) => field in b.change);
  return a.service === b.service && inTime && sameRoute && sameMethod && sameField;
}

export function toRestarts(
  file: ScenarioFile,
  catalogue: Catalogue,
  trafficEndMs: number,
  context: Context,
): RestartSpec[] {
  const done: RestartSpec[] = [];
  file.restarts.forEach((entry, index) => {
    const at: Path = ['restarts', index];
    checkBeforeEnd(entry.at, [...at, 'at'], 'a pod is restarted', trafficEndMs, context);
    const service = catalogue.resolve(entry.service, context.namespace, [...at, 'service'], 'a restart names');
    if (!service) return;
    if (entry.replica >= service.replicas && context.complete.replicas) {
      const last = service.replicas - 1;
      context.report(
        [...at, 'replica'],
        `${service.id} has no replica ${entry.replica}`,
        last === 0 ? 'it has one, number 0; add `replicas:` for more' : `they are numbered 0 to ${last}`,
      );
    }
    const spec = { atMs: entry.at, service: service.id, replica: entry.replica, downMs: entry.down };
    const rival = done.findIndex(
      (d) =>
        d.service === spec.service &&
        d.replica === spec.replica &&
        d.atMs < spec.atMs + spec.downMs &&
        spec.atMs < d.atMs + d.downMs,
    );
    if (rival >= 0) {
      context.report(
        [...at, 'at'],
        `replica ${spec.replica} of ${spec.service} is down already then`,
        'restart it later',
      );
    }
    done.push(spec);
  });
  return done;
}

/** Reports what comes when traffic has ended. */
export function checkBeforeEnd(ms: number, at: Path, what: string, trafficEndMs: number, context: Context): void {
  if (!context.complete.traffic || ms < trafficEndMs) return;
  context.report(
    at,
    `${what} at ${formatDuration(ms)}, when traffic has ended`,
    `traffic ends at ${formatDuration(trafficEndMs)}; choose an earlier time or more traffic`,
  );
}
