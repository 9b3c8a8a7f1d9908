import type { RouteConfig } from '../../../sim-services/contract.ts';
import type { Path } from '../error.ts';
import type { RouteEntry, ServiceEntry } from '../schema/service.ts';
import { didYouMean } from '../suggest.ts';
import { toSteps } from './calls.ts';
import { type Catalogue, type CatalogueService, IMPLIED_METHOD, routeName } from './catalogue.ts';
import type { Context } from './context.ts';
import { checkResets, toErrors } from './errors.ts';
import { toDistribution } from './latency.ts';
import { toAnswer } from './response.ts';

/** One route of a service; `routeAt` is null for one that is there by default. */
export function toRoute(
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
  const { protocol } = owner;
  if (routeAt) checkGrpcRoute(route, routeAt, owner, context);
  const latency = pick('latency');
  const errors = pick('errors');
  const calls = pick('calls');
  const streams = streamsAt(owner, route.path);
  const answer = toAnswer(
    { entry: service.response, at: [...serviceAt, 'response'] },
    { entry: route.response, at: [...(routeAt ?? serviceAt), 'response'] },
    { protocol, streams, othersStream: owner.routes.some(({ path }) => streamsAt(owner, path)) },
    context,
  );
  const rules = toErrors(errors.value ?? [], protocol, errors.at, context);
  checkResets(rules, answer.body, protocol, errors.at, context);
  const method = IMPLIED_METHOD[protocol] ?? route.method ?? null;
  const name = `${routeName({ method, path: route.path })} of ${owner.id}`;
  const { status, body, ...extras } = answer;
  return {
    method,
    path: route.path,
    status,
    latency: toDistribution(latency.value ?? 0, latency.at, context),
    errors: rules,
    body,
    ...(streams ? { streams } : {}),
    ...extras,
    steps: protocol === 'tcp' ? [] : toSteps(calls.value ?? [], calls.at, name, owner, catalogue, context),
  };
}

/** Whether a gRPC method answers with a stream. */
export function streamsAt(service: CatalogueService, path: string): boolean {
  return service.proto?.served.some((method) => method.path === path && method.serverStreams) ?? false;
}

function checkGrpcRoute(route: RouteEntry, at: Path, owner: CatalogueService, context: Context): void {
  if (owner.protocol !== 'grpc') return;
  if (route.method && route.method !== 'POST') {
    context.report([...at, 'method'], 'a gRPC request is always a POST', 'remove `method:`');
  }
  if (!owner.proto || owner.proto.served.some(({ path }) => path === route.path)) return;
  const file = owner.proto.spec.file ?? 'the .proto that ships';
  const paths = owner.proto.served.map(({ path }) => path);
  if (owner.proto.methods.some(({ path }) => path === route.path)) {
    context.report(
      [...at, 'path'],
      `${route.path} takes a stream of requests, which synthetic services do not serve`,
      `choose one of ${paths.join(', ')}`,
    );
  } else {
    context.report([...at, 'path'], `${route.path} is no method of ${file}`, didYouMean(route.path, paths));
  }
}
