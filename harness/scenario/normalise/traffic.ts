import { formatDuration } from '../../core/units.ts';
import type { Path } from '../error.ts';
import { httpPath } from '../fields.ts';
import { LOAD_WORKLOAD, type RequestSpec, type TrafficShape, type TrafficSpec } from '../model.ts';
import type { ScenarioFile } from '../schema/file.ts';
import type { StreamEntry } from '../schema/traffic.ts';
import type { CallGraph } from './call-graph.ts';
import { checkRequestBody } from './calls.ts';
import type { Catalogue, CatalogueService } from './catalogue.ts';
import type { Context } from './context.ts';
import { streamsAt } from './routes.ts';

type RequestEntry = Omit<NonNullable<StreamEntry['requests']>[number], 'target'> & { target: string };
type Shape = Exclude<StreamEntry, { executor: 'constant-vus' }>;

const PATH = httpPath();
const MIN_VUS = 10;
const MAX_VUS = 2000;

/** Streams of requests. `graph` is null when the calls have a cycle. */
export function toTraffic(
  file: ScenarioFile,
  catalogue: Catalogue,
  graph: CallGraph | null,
  context: Context,
): TrafficSpec[] {
  if (file.traffic.length === 0 && context.complete.traffic) {
    context.report(['traffic'], 'there is no traffic', 'a scenario needs one stream of requests at least');
  }
  const names = new Set<string>();
  return file.traffic.map((entry, index) => {
    const at: Path = ['traffic', index];
    const name = entry.name ?? `${entry.executor}-${index + 1}`;
    if (names.has(name)) context.report([...at, 'name'], `two streams are named ${name}`, 'rename one');
    names.add(name);
    const requests = toRequests(entry, at, catalogue, context);
    return { name, shape: toShape(entry, at, requests, graph, context), startMs: entry.start, requests };
  });
}

function toRequests(entry: StreamEntry, at: Path, catalogue: Catalogue, context: Context): RequestSpec[] {
  if (entry.requests && entry.target !== undefined) {
    context.report([...at, 'target'], '`target` and `requests` exclude each other', 'keep one of the two');
  }
  if (entry.requests) {
    return entry.requests.flatMap((request, i) => toRequest(request, [...at, 'requests', i], catalogue, context) ?? []);
  }
  if (entry.target === undefined) {
    context.report(at, '`target` is missing', 'add `target: web/checkout`, or `requests:` for several');
    return [];
  }
  const request = toRequest({ ...entry, target: entry.target, weight: 1 }, at, catalogue, context);
  return request ? [request] : [];
}

function toRequest(entry: RequestEntry, at: Path, catalogue: Catalogue, context: Context): RequestSpec | null {
  const target = readTarget(entry.target, [...at, 'target'], catalogue, context);
  const protocol = target?.service.protocol ?? 'http';
  if (target && (protocol === 'tcp' || protocol === 'http2') && context.complete.protocols) {
    const what = protocol === 'tcp' ? 'plain TCP' : 'HTTP/2 without TLS';
    context.report(
      [...at, 'target'],
      `traffic goes to ${target.service.id}, but k6 does not speak ${what}`,
      `let traffic go to a service that calls it: \`calls: [{ service: ${target.service.name} }]\``,
    );
    return null;
  }
  const method = protocol === 'grpc' ? 'POST' : (entry.method ?? 'GET');
  checkRequestBody({ method, size: entry.size }, at, context);
  if (!target) return null;
  if (protocol === 'grpc' && !checkGrpcTarget(entry, target, at, context)) return null;
  const where = [...at, target.service.routes.some((r) => r.path === target.path) ? 'method' : 'target'];
  if (!catalogue.route(target.service, method, target.path, where, 'traffic goes to')) return null;
  return {
    service: target.service.id,
    method,
    path: target.path,
    weight: entry.weight,
    requestBytes: entry.size ?? 0,
    timeoutMs: entry.timeout,
    ...(entry.connection === 'close' ? { ownConnection: true } : {}),
    ...(entry.headerBytes ? { headerBytes: entry.headerBytes } : {}),
  };
}

/** @returns false for a target that no request can be made of */
function checkGrpcTarget(
  entry: RequestEntry,
  target: { service: CatalogueService; path: string },
  at: Path,
  context: Context,
): boolean {
  const { service, path } = target;
  if (entry.method && entry.method !== 'POST' && context.complete.protocols) {
    context.report([...at, 'method'], 'a gRPC request is always a POST', 'remove `method:`');
  }
  if (!streamsAt(service, path)) return true;
  context.report(
    [...at, 'target'],
    `traffic goes to ${path} of ${service.id}, which answers with a stream`,
    `k6 makes unary requests here; let a service make this one: \`calls: [{ service: ${service.name}, path: ${path} }]\``,
  );
  return false;
}

/**
 * `web/checkout` is the path /checkout of web, unless there is a service checkout in a namespace web: names come
 * first. When both readings have a service, the one that has the route is meant.
 */
function readTarget(text: string, at: Path, catalogue: Catalogue, context: Context) {
  const [first = '', second, ...rest] = text.split('/');
  const readings: { service: CatalogueService; path: string }[] = [];
  if (second) {
    for (const service of catalogue.find(`${first}/${second}`, context.namespace)) {
      readings.push({ service, path: `/${rest.join('/')}` });
    }
  }
  const short = catalogue.find(first, context.namespace);
  const shortPath = second === undefined ? '/' : `/${[second, ...rest].join('/')}`;
  for (const service of short) readings.push({ service, path: shortPath });
  if (readings.length === 0) {
    catalogue.resolve(rest.length > 0 ? `${first}/${second}` : first, context.namespace, at, 'traffic goes to');
    return null;
  }
  const withRoute = readings.filter(({ service, path }) => service.routes.some((r) => r.path === path));
  if (withRoute.length > 1 || (withRoute.length === 0 && readings.length > 1)) {
    const meanings = readings.map(({ service, path }) => `${service.id}${path}`);
    context.report(
      at,
      `traffic goes to \`${text}\`, which could be ${meanings.join(' or ')}`,
      `write \`${meanings[0]}\``,
    );
    return null;
  }
  const chosen = withRoute[0] ?? readings[0]!;
  if (!PATH.safeParse(chosen.path).success) {
    context.report(
      at,
      `\`${text}\` has no valid path`,
      'write `service/path`, as in `web/checkout`; no spaces, `?` or `#`',
    );
    return null;
  }
  return chosen;
}

function toShape(
  entry: StreamEntry,
  at: Path,
  requests: RequestSpec[],
  graph: CallGraph | null,
  context: Context,
): TrafficShape {
  switch (entry.executor) {
    case 'constant-vus':
      return { executor: 'constant-vus', vus: entry.vus, durationMs: entry.duration };
    case 'constant-arrival-rate':
      return {
        executor: 'constant-arrival-rate',
        ratePerSecond: entry.rate,
        durationMs: entry.duration,
        maxVUs: maxVUsOf(entry, entry.rate, requests, graph),
      };
    case 'ramping-arrival-rate': {
      const rates = [entry.startRate, ...entry.stages.map((s) => s.rate)];
      if (Math.max(...rates) === 0) {
        context.report([...at, 'stages'], 'the rate is zero in every stage', 'let one stage have a rate above zero');
      }
      return {
        executor: 'ramping-arrival-rate',
        startRatePerSecond: entry.startRate,
        stages: entry.stages.map((s) => ({ ratePerSecond: s.rate, durationMs: s.duration })),
        maxVUs: maxVUsOf(entry, Math.max(...rates), requests, graph),
      };
    }
    case 'spike':
      return spike(entry, at, requests, graph, context);
  }
}

/** A spike is a ramp up and down between two stretches at the base rate. */
function spike(
  entry: Extract<StreamEntry, { executor: 'spike' }>,
  at: Path,
  requests: RequestSpec[],
  graph: CallGraph | null,
  context: Context,
): TrafficShape {
  const hold = entry.hold ?? Math.round(entry.duration / 5);
  const ramp = entry.ramp ?? Math.round(entry.duration / 20);
  const rest = entry.duration - hold - 2 * ramp;
  if (entry.peak < entry.base) context.report([...at, 'peak'], 'the peak is below the base', 'exchange the two');
  if (rest < 0) {
    context.report(
      [...at, 'duration'],
      `a spike of ${formatDuration(hold + 2 * ramp)} does not fit into ${formatDuration(entry.duration)}`,
      'make `hold:` or `ramp:` shorter; `ramp` counts twice, for the rise and the fall',
    );
  }
  const before = Math.floor(rest / 2);
  const stages = [
    { ratePerSecond: entry.base, durationMs: before },
    { ratePerSecond: entry.peak, durationMs: ramp },
    { ratePerSecond: entry.peak, durationMs: hold },
    { ratePerSecond: entry.base, durationMs: ramp },
    { ratePerSecond: entry.base, durationMs: rest - before },
  ];
  return {
    executor: 'ramping-arrival-rate',
    startRatePerSecond: entry.base,
    stages: stages.filter((s) => s.durationMs > 0),
    maxVUs: maxVUsOf(entry, entry.peak, requests, graph),
  };
}

/**
 * As many requests as are under way at the peak when each is slow (Little's law), twice; requests of one second at
 * least, so that a machine that stutters drops no iteration. What the user says comes first.
 */
function maxVUsOf(entry: Shape, peakPerSecond: number, requests: RequestSpec[], graph: CallGraph | null): number {
  if (entry.maxVUs !== undefined) return entry.maxVUs;
  const slowMs = requests.map((r) => graph?.slowMs({ ...r, caller: LOAD_WORKLOAD.id }, r.timeoutMs) ?? 0);
  const underWay = (peakPerSecond * Math.max(1000, 2 * Math.max(0, ...slowMs))) / 1000;
  return Math.min(MAX_VUS, Math.max(MIN_VUS, Math.ceil(underWay)));
}
