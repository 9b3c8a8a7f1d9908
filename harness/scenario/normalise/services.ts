import type { Path } from '../error.ts';
import type { ServiceSpec } from '../model.ts';
import type { ScenarioFile } from '../schema/file.ts';
import type { RouteEntry, ServiceEntry } from '../schema/service.ts';
import type { Catalogue, CatalogueService } from './catalogue.ts';
import type { Context } from './context.ts';
import { toFailureAccrual, toRetry, toTimeouts } from './retries.ts';
import { toRoute } from './routes.ts';

/** Services with their routes filled in from the service's defaults. */
export function toServices(file: ScenarioFile, catalogue: Catalogue, context: Context): ServiceSpec[] {
  return catalogue.services.map((service) => {
    const entry = file.services[service.index]!;
    const at: Path = ['services', service.index];
    checkProtocolFields(entry, service, at, context);
    const entries: { route: RouteEntry; at: Path | null }[] =
      entry.routes && service.protocol !== 'tcp'
        ? entry.routes.map((route, i) => ({ route, at: [...at, 'routes', i] }))
        : service.routes.map(({ path }) => ({ route: { path }, at: null }));
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
      ...meshFields(entry, service, at, context),
    };
  });
}

/** What stands in few services; absent where it is not written. */
function meshFields(entry: ServiceEntry, service: CatalogueService, at: Path, context: Context): Partial<ServiceSpec> {
  return {
    ...(service.protocol === 'http' ? {} : { protocol: service.protocol }),
    ...(entry.serverSpeaksFirst ? { serverSpeaksFirst: true } : {}),
    ...(entry.concurrency === undefined ? {} : { concurrency: entry.concurrency }),
    ...(service.proto ? { proto: service.proto.spec } : {}),
    ...(entry.opaque === undefined ? {} : { opaque: entry.opaque }),
    ...(entry.skipInbound ? { skipInbound: true } : {}),
    ...(entry.skipOutbound ? { skipOutbound: [...new Set(entry.skipOutbound)] } : {}),
    ...(entry.defaultPolicy ? { defaultPolicy: entry.defaultPolicy } : {}),
    ...(entry.retry ? { retry: toRetry(entry.retry, [...at, 'retry'], context) } : {}),
    ...(entry.timeouts ? { timeouts: toTimeouts(entry.timeouts, [...at, 'timeouts'], context) } : {}),
    ...(entry.failureAccrual
      ? { failureAccrual: toFailureAccrual(entry.failureAccrual, [...at, 'failureAccrual'], context) }
      : {}),
  };
}

/** Reports fields that mean nothing for the protocol of the service, or for one whose requests no proxy sees. */
function checkProtocolFields(entry: ServiceEntry, service: CatalogueService, at: Path, context: Context): void {
  if (!context.complete.protocols) return;
  const { protocol } = service;
  const no = (field: string, message: string, hint: string) => context.report([...at, field], message, hint);
  if (entry.proto !== undefined && protocol !== 'grpc') {
    no('proto', `a service of protocol ${protocol} has no .proto`, 'add `protocol: grpc`, or remove `proto:`');
  }
  if (entry.serverSpeaksFirst && protocol !== 'tcp') {
    no('serverSpeaksFirst', `a server of protocol ${protocol} never speaks first`, 'add `protocol: tcp`, or remove it');
  }
  if (protocol === 'tcp' && entry.concurrency !== undefined) {
    no(
      'concurrency',
      'a TCP service has connections, and no requests that could wait in line',
      'remove `concurrency:`',
    );
  }
  if (protocol === 'tcp' && entry.routes) {
    no('routes', 'a TCP service has no routes', 'write `latency:`, `errors:` and `response:` beside its name');
  }
  if (protocol === 'tcp' && entry.calls && entry.calls.length > 0) {
    no('calls', 'a TCP service makes no calls', 'let a service of another protocol make them');
  }
  if (protocol !== 'tcp' && !service.opaque) return;
  const why = protocol === 'tcp' ? 'a TCP service' : 'a service whose port is opaque';
  for (const field of ['retry', 'timeouts', 'failureAccrual'] as const) {
    if (entry[field]) no(field, `proxies see no requests in connections to ${why}`, `remove \`${field}:\``);
  }
}
