import type { ServiceSpec } from '../scenario/model.ts';

type Calling = Pick<ServiceSpec, 'id' | 'routes'>;

/**
 * The order in which a roll-out replaces workloads: each after those that it calls, as far as calls go round in no circle; else
 * as declared. So a new pod has traffic of callers of the old version first, and of both versions while these are replaced
 * one by one: every mix of versions that there can be is there for a while.
 */
export function calleesFirst<S extends Calling>(services: readonly S[]): S[] {
  const byId = new Map(services.map((service) => [service.id, service]));
  const ordered = new Set<S>();
  const visiting = new Set<S>();
  const visit = (service: S): void => {
    if (ordered.has(service) || visiting.has(service)) return;
    visiting.add(service);
    for (const { service: callee } of service.routes.flatMap(({ steps }) => steps.flat())) {
      const known = byId.get(callee);
      if (known) visit(known);
    }
    ordered.add(service);
  };
  for (const service of services) visit(service);
  return [...ordered];
}
