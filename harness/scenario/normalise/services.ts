import type { Call, CallStep, RouteConfig } from '../../../sim-services/contract.ts';
import type { Path } from '../error.ts';
import { authorityOf, type ServiceSpec } from '../model.ts';
import type { CallEntry, CallsEntry } from '../schema/calls.ts';
import type { ScenarioFile } from '../schema/file.ts';
import type { RouteEntry, ServiceEntry } from '../schema/service.ts';
import { checkResets, DEFAULT_STATUS, toBody, toDistribution, toErrors } from './behaviour.ts';
import { type Catalogue, type CatalogueService, routeName } from './catalogue.ts';
import type { Context } from './context.ts';

/** Services with their routes filled in from the service's defaults. */
export function toServices(file: ScenarioFile, catalogue: Catalogue, context: Context): ServiceSpec[] {
  return catalogue.services.map((service) => {
    const entry = file.services[service.index]!;
    const at: Path = ['services', service.index];
    const entries: { route: RouteEntry; at: Path | null }[] = entry.routes
      ? entry.routes.map((route, i) => ({ route, at: [...at, 'routes', i] }))
      : [{ route: { path: '/' }, at: null }];
    return {
      id: service.id,
      namespace: service.namespace,
      name: service.name,
      serviceAccount: entry.serviceAccount ?? service.name,
      replicas: entry.replicas,
      port: entry.port,
      appPort: entry.appPort,
      labels: entry.labels,
      routes: entries.map(({ route, at: routeAt }) => toRoute(entry, at, route, routeAt, service, catalogue, context)),
    };
  });
}

function toRoute(
  service: ServiceEntry,
  serviceAt: Path,
  route: RouteEntry,
  routeAt: Path | null,
  owner: CatalogueService,
  catalogue: Catalogue,
  context: Context,
): RouteConfig {
  /** The route's own field, else the service's, and where it stands. */
  const pick = <K extends 'latency' | 'errors' | 'calls'>(field: K) =>
    route[field] !== undefined && routeAt
      ? { value: route[field] as RouteEntry[K], at: [...routeAt, field] }
      : { value: service[field] as RouteEntry[K], at: [...serviceAt, field] };
  const latency = pick('latency');
  const errors = pick('errors');
  const calls = pick('calls');
  const status = route.response?.status ?? service.response?.status ?? DEFAULT_STATUS;
  const bodyAt = [...(route.response && routeAt ? routeAt : serviceAt), 'response'];
  const body = toBody(status, [service.response ?? {}, route.response ?? {}], bodyAt, context);
  const rules = toErrors(errors.value ?? [], errors.at, context);
  checkResets(rules, body, errors.at, context);
  const method = route.method ?? null;
  const name = `${routeName({ method, path: route.path })} of ${owner.id}`;
  return {
    method,
    path: route.path,
    status,
    latency: toDistribution(latency.value ?? 0, latency.at, context),
    errors: rules,
    body,
    steps: toSteps(calls.value ?? [], calls.at, name, owner, catalogue, context),
  };
}

function toSteps(
  entries: CallsEntry,
  at: Path,
  who: string,
  owner: CatalogueService,
  catalogue: Catalogue,
  context: Context,
): CallStep[] {
  const resolve = (entry: CallEntry, path: Path) => toCall(entry, path, who, owner, catalogue, context) ?? [];
  return entries.map((entry, i) =>
    'parallel' in entry
      ? entry.parallel.flatMap((call, j) => resolve(call, [...at, i, 'parallel', j]))
      : [resolve(entry, [...at, i])].flat(),
  );
}

function toCall(
  entry: CallEntry,
  at: Path,
  who: string,
  owner: CatalogueService,
  catalogue: Catalogue,
  context: Context,
): Call | null {
  const callee = catalogue.resolve(entry.service, owner.namespace, [...at, 'service'], `${who} calls`);
  checkRequestBody(entry, at, context);
  if (!callee || !catalogue.route(callee, entry.method, entry.path, [...at, 'path'], `${who} calls`)) return null;
  return {
    service: callee.id,
    authority: authorityOf(callee),
    port: callee.port,
    method: entry.method,
    path: entry.path,
    requestBytes: entry.size ?? 0,
    timeoutMs: entry.timeout === 'never' ? null : entry.timeout,
    onFailure: entry.onFailure,
  };
}

/** Reports a body with a method that has none. */
export function checkRequestBody(entry: { method: string; size?: number }, at: Path, context: Context): void {
  if (entry.size && (entry.method === 'GET' || entry.method === 'HEAD')) {
    context.report([...at, 'size'], `a ${entry.method} request has no body`, 'remove `size:`, or write `method: POST`');
  }
}
