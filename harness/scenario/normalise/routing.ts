import { type Backend, NO_TIMEOUTS, type OutboundRule, type ProfileRoute } from '../../core/policy.ts';
import type { Path } from '../error.ts';
import type { RoutingSpec } from '../model.ts';
import type { ScenarioFile } from '../schema/file.ts';
import type { BackendEntry, ProfileRouteEntry, RoutingEntry } from '../schema/routing.ts';
import type { Catalogue, CatalogueService } from './catalogue.ts';
import type { Context } from './context.ts';
import { toGrpcMatches, toHttpMatches } from './matches.ts';
import { toRetry, toTimeouts } from './retries.ts';

type RouteEntry = Exclude<RoutingEntry, { kind: 'ServiceProfile' }>;
type ProfileEntry = Extract<RoutingEntry, { kind: 'ServiceProfile' }>;

/** A declared object and where it stands in the file. */
export interface PlacedRouting {
  spec: RoutingSpec;
  index: number;
}

/** HTTPRoutes, GRPCRoutes and ServiceProfiles. */
export function toRouting(file: ScenarioFile, catalogue: Catalogue, context: Context): PlacedRouting[] {
  const placed = file.routing.flatMap((entry, index) => {
    const at: Path = ['routing', index];
    const parent = catalogue.resolve(entry.service, context.namespace, [...at, 'service'], `${nameOf(entry)} is for`);
    if (!parent) return [];
    checkParent(entry, parent, at, context);
    const spec =
      entry.kind === 'ServiceProfile'
        ? toProfile(entry, parent, at, catalogue, context)
        : toRoute(entry, parent, at, catalogue, context);
    return [{ spec, index }];
  });
  checkNames(placed, context);
  checkGrpcRetries(file, placed, catalogue, context);
  return placed;
}

function nameOf(entry: RoutingEntry): string {
  return entry.kind === 'ServiceProfile' ? 'a ServiceProfile' : `the ${entry.kind} ${entry.name}`;
}

function checkParent(entry: RoutingEntry, parent: CatalogueService, at: Path, context: Context): void {
  if (!context.complete.protocols) return;
  if (parent.protocol === 'tcp' || parent.opaque) {
    const why = parent.protocol === 'tcp' ? 'speaks plain TCP' : 'has an opaque port';
    context.report(
      [...at, 'service'],
      `${nameOf(entry)} selects nothing: ${parent.id} ${why}, and proxies see no requests in its connections`,
      parent.protocol === 'tcp' ? 'remove it, or route to another service' : 'add `opaque: false` to the service',
    );
  } else if (entry.kind === 'GRPCRoute' && parent.protocol !== 'grpc') {
    context.report(
      [...at, 'service'],
      `${nameOf(entry)} is for ${parent.id}, which speaks ${parent.protocol}`,
      'write `kind: HTTPRoute`, or add `protocol: grpc` to the service',
    );
  }
}

function toRoute(
  entry: RouteEntry,
  parent: CatalogueService,
  at: Path,
  catalogue: Catalogue,
  context: Context,
): RoutingSpec {
  if (entry.namespace !== undefined && entry.namespace !== parent.namespace) {
    context.report(
      [...at, 'namespace'],
      `a route in ${entry.namespace} is for callers in ${entry.namespace} only, when its service is in ${parent.namespace}`,
      'remove `namespace:`',
    );
  }
  const isGrpc = entry.kind === 'GRPCRoute';
  const unused = isGrpc ? 'http' : 'grpc';
  if (entry.retry?.[unused]) {
    context.report(
      [...at, 'retry', unused],
      isGrpc
        ? 'a GRPCRoute retries by codes of gRPC, not by HTTP statuses'
        : 'an HTTPRoute retries by HTTP statuses only',
      isGrpc ? 'write `grpc: [unavailable]`' : 'write `kind: GRPCRoute`, or `http: [5xx]`',
    );
  }
  const rules: OutboundRule[] = (entry.rules ?? [{}]).map((rule, i) => {
    const ruleAt = [...at, 'rules', i];
    const matches = rule.matches ?? [];
    return {
      matches: isGrpc
        ? toGrpcMatches(matches, parent, [...ruleAt, 'matches'], context)
        : toHttpMatches(matches as Parameters<typeof toHttpMatches>[0], [...ruleAt, 'matches'], context),
      backends: toBackends(rule.backends, parent, entry, [...ruleAt, 'backends'], catalogue, context),
    };
  });
  return {
    kind: entry.kind,
    group: entry.kind === 'HTTPRoute' ? entry.group : 'gateway.networking.k8s.io',
    namespace: parent.namespace,
    name: entry.name,
    service: parent.id,
    rules,
    retry: entry.retry ? toRetry(entry.retry, [...at, 'retry'], context) : null,
    timeouts: entry.timeouts ? toTimeouts(entry.timeouts, [...at, 'timeouts'], context) : NO_TIMEOUTS,
  };
}

function toBackends(
  entries: BackendEntry[] | undefined,
  parent: CatalogueService,
  owner: RoutingEntry,
  at: Path,
  catalogue: Catalogue,
  context: Context,
): Backend[] {
  if (!entries) return [];
  if (entries.every(({ weight }) => weight === 0) && context.isWhole(at)) {
    context.report(at, 'the weights add up to zero: nobody would get a request', 'give one of them a weight above 0');
  }
  return entries.flatMap((entry, i) => {
    const who = `${nameOf(owner)} sends requests to`;
    const service = catalogue.resolve(entry.service, parent.namespace, [...at, i, 'service'], who);
    if (!service) return [];
    if (entries.findIndex((other) => other.service === entry.service) < i) {
      context.report([...at, i, 'service'], `${service.id} is named twice`, 'add the two weights up');
    }
    if (service.protocol !== parent.protocol && context.complete.protocols) {
      context.report(
        [...at, i, 'service'],
        `${who} ${service.id}, which speaks ${service.protocol} and not ${parent.protocol} as ${parent.id} does`,
        'choose a backend of the same protocol',
      );
    }
    return [{ service: service.id, port: service.port, weight: entry.weight }];
  });
}

function toProfile(
  entry: ProfileEntry,
  parent: CatalogueService,
  at: Path,
  catalogue: Catalogue,
  context: Context,
): RoutingSpec {
  if (entry.routes.length === 0 && !entry.split && context.isWhole(at)) {
    context.report(at, `the ServiceProfile of ${parent.id} says nothing`, 'add `routes:` or `split:`');
  }
  const budget = entry.retryBudget;
  const names = new Set<string>();
  entry.routes.forEach(({ name }, i) => {
    if (names.has(name)) context.report([...at, 'routes', i, 'name'], `two routes are named ${name}`, 'rename one');
    names.add(name);
  });
  return {
    kind: 'ServiceProfile',
    service: parent.id,
    profile: {
      routes: entry.routes.map((route, i) => toProfileRoute(route, [...at, 'routes', i], context)),
      retryBudget: budget
        ? { retryRatio: budget.ratio, minRetriesPerSecond: budget.minPerSecond, ttlMs: budget.ttl }
        : null,
      split: toBackends(entry.split, parent, entry, [...at, 'split'], catalogue, context),
    },
  };
}

function toProfileRoute(entry: ProfileRouteEntry, at: Path, context: Context): ProfileRoute {
  const ranges = (['failures', 'successes'] as const).flatMap((field) =>
    (entry[field] ?? []).map(([min, max], i) => ({ min, max, isFailure: field === 'failures', at: [...at, field, i] })),
  );
  for (const range of ranges) {
    const twin = ranges.find((r) => r.min === range.min && r.max === range.max && r.isFailure !== range.isFailure);
    if (twin && !range.isFailure) {
      const text = range.min === range.max ? `${range.min}` : `${range.min}-${range.max}`;
      context.report(range.at, `${text} is both a failure and a success`, 'remove it from one of the two');
    }
  }
  return {
    name: entry.name,
    method: entry.method ?? null,
    pathRegex: entry.pathRegex ?? null,
    isRetryable: entry.retryable,
    timeoutMs: entry.timeout ?? null,
    // The first one that holds a status counts.
    responseClasses: ranges
      .toSorted((a, b) => a.max - a.min - (b.max - b.min))
      .map(({ min, max, isFailure }) => ({ min, max, isFailure })),
  };
}

function checkNames(placed: PlacedRouting[], context: Context): void {
  const seen = new Map<string, number>();
  for (const { spec, index } of placed) {
    const isProfile = spec.kind === 'ServiceProfile';
    const id = isProfile ? `${spec.kind} ${spec.service}` : `${spec.group} ${spec.kind} ${spec.namespace}/${spec.name}`;
    if (seen.has(id)) {
      context.report(
        ['routing', index, isProfile ? 'service' : 'name'],
        isProfile
          ? `there are two ServiceProfiles for ${spec.service}`
          : `${id.slice(spec.group.length + 1)} is there twice`,
        isProfile ? 'put their routes into one' : 'rename one',
      );
    }
    seen.set(id, index);
  }
}

/** Retries by gRPC's codes exist in GRPCRoutes alone: to proxies all else is HTTP, and its status is 200. */
function checkGrpcRetries(file: ScenarioFile, placed: PlacedRouting[], catalogue: Catalogue, context: Context): void {
  if (!context.complete.routing) return;
  for (const service of catalogue.services) {
    if (!file.services[service.index]?.retry?.grpc) continue;
    if (placed.some(({ spec }) => spec.kind === 'GRPCRoute' && spec.service === service.id)) continue;
    context.report(
      ['services', service.index, 'retry', 'grpc'],
      `${service.id} has no GRPCRoute, and without one proxies do not look at codes of gRPC`,
      `add \`routing: [{ kind: GRPCRoute, name: ${service.name}, service: ${service.name} }]\``,
    );
  }
}
