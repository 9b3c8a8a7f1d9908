import type { Backend, ProfileRoute, ServiceProfile } from '../../../../core/policy.ts';
import type { ClusterService } from '../../objects.ts';
import type { Declared, ProfileSpec } from './objects.ts';
import { goDuration } from './values.ts';

/** The ServiceProfile of a Service, in the Service's own namespace; one without routes and split is none. */
export function serviceProfile(
  { metadata: { namespace, name } }: ClusterService,
  profiles: Declared<ProfileSpec>[],
  clusterDomain: string,
): ServiceProfile | null {
  const of = `${name}.${namespace}.svc.${clusterDomain}`;
  const found = profiles.find(({ metadata }) => metadata.namespace === namespace && metadata.name === of);
  if (!found) return null;
  const { routes = [], retryBudget, dstOverrides = [] } = found.spec;
  if (routes.length === 0 && dstOverrides.length === 0) return null;
  return {
    routes: routes.map(profileRoute),
    retryBudget: retryBudget
      ? {
          retryRatio: retryBudget.retryRatio,
          minRetriesPerSecond: retryBudget.minRetriesPerSecond,
          ttlMs: goDuration(retryBudget.ttl) ?? 0,
        }
      : null,
    split: dstOverrides.flatMap(({ authority, weight }) => splitOf(authority, Number(weight))),
  };
}

function profileRoute(route: NonNullable<ProfileSpec['routes']>[number]): ProfileRoute {
  const { name, condition = {}, isRetryable = false, timeout, responseClasses = [] } = route;
  return {
    name,
    method: condition.method ?? null,
    pathRegex: condition.pathRegex ?? null,
    isRetryable,
    timeoutMs: goDuration(timeout ?? '') || null,
    responseClasses: responseClasses.map(({ condition: of, isFailure = false }) => {
      const { min, max } = of?.status ?? {};
      // One end alone is the whole range.
      return { min: min ?? max ?? 0, max: max ?? min ?? 0, isFailure };
    }),
  };
}

/** `web.shop.svc.cluster.local:8080`. */
function splitOf(authority: string, weight: number): Backend[] {
  const [host = '', port = '80'] = authority.split(':');
  const [name, namespace] = host.split('.');
  return name && namespace ? [{ service: `${namespace}/${name}`, port: Number(port), weight }] : [];
}
