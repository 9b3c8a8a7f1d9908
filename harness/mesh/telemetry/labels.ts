import type { ObjectRef } from '../../core/policy.ts';
import type { ProxyBehaviour } from '../profiles/index.ts';
import type {
  BackendRef,
  ClientTls,
  InboundTarget,
  InboundTargetPolicy,
  OutboundTarget,
  ServerTls,
  ServiceRef,
} from './types.ts';

/** Label values by name. `dst_*` and `rt_*` hold their labels as printed. The order is the family profile's. */
export type LabelBag = Readonly<Record<string, string>>;

/** No label: a series whose bag has it stands on the page beside the one with the same labels (facts, section 9). */
export const TWIN = ' twin';

/** `a="1",b="2"`: those of `names` that the bag has, in the order of `names`. Values are not escaped (facts 1.0). */
export function printLabels(names: readonly string[], bag: LabelBag): string {
  let out = '';
  for (const name of names) {
    const value = bag[name];
    if (value === undefined) continue;
    if (name.endsWith('*')) {
      if (value !== '') out += out === '' ? value : `,${value}`;
    } else {
      out += `${out === '' ? '' : ','}${name}="${value}"`;
    }
  }
  return out;
}

export function targetLabels(ip: string, port: number): LabelBag {
  const host = ip.includes(':') ? `[${ip}]` : ip;
  return { target_addr: `${host}:${port}`, target_ip: ip, target_port: String(port) };
}

/** Facts 1.12. */
export function serverTlsLabels(tls: ServerTls): LabelBag {
  return tls.tls === 'true' ? { tls: 'true', client_id: tls.clientId } : { tls: tls.tls, no_tls_reason: tls.reason };
}

export function clientTlsLabels(tls: ClientTls): LabelBag {
  return tls.tls === 'true' ? { tls: 'true', server_id: tls.serverId } : { tls: tls.tls, no_tls_reason: tls.reason };
}

/** The default server of a port without a Server: named after the default policy (facts 1.9). */
export function defaultServer(policy: string): ObjectRef {
  return { group: '', kind: 'default', namespace: '', name: policy };
}

export function serverLabels(server: ObjectRef, port: number): LabelBag {
  return { srv_group: server.group, srv_kind: server.kind, srv_name: server.name, srv_port: String(port) };
}

/** What applies to a target without a policy of its own: default server, route and the authorization that goes with them. */
export function defaultTargetPolicy(route: InboundTarget['route'], policy: string): InboundTargetPolicy {
  return {
    server: defaultServer(policy),
    route: defaultServer(route),
    authz: defaultServer(route === 'probe' ? 'probe' : policy),
    grpc: false,
  };
}

/** Route and authorization, the latter only when one applied. */
export function routeAuthzLabels({ route, authz }: InboundTargetPolicy): LabelBag {
  return {
    route_group: route.group,
    route_kind: route.kind,
    route_name: route.name,
    ...(authz === null ? {} : authzLabels(authz)),
  };
}

export function authzLabels(authz: ObjectRef): LabelBag {
  return { authz_group: authz.group, authz_kind: authz.kind, authz_name: authz.name };
}

/** Labels of the inbound registry's families, which call the server `parent` (facts 1.9). */
export function inboundRouteLabels({ server, route }: InboundTargetPolicy, port: number): LabelBag {
  return {
    parent_group: server.group,
    parent_kind: server.kind,
    parent_name: server.name,
    parent_port: String(port),
    route_group: route.group,
    route_kind: route.kind,
    route_name: route.name,
  };
}

function serviceLabels(scope: string, service: ServiceRef): LabelBag {
  return {
    [`${scope}_group`]: service.madeUp ? '' : 'core',
    [`${scope}_kind`]: service.madeUp ? 'default' : 'Service',
    [`${scope}_namespace`]: service.namespace,
    [`${scope}_name`]: service.name,
    [`${scope}_port`]: service.madeUp ? '' : String(service.port),
    [`${scope}_section_name`]: '',
  };
}

/** A route that nobody declared (facts 1.10). */
export function defaultRoute(name: 'http' | 'opaq'): ObjectRef {
  return { group: '', kind: 'default', namespace: '', name };
}

/** Parent, backend and route of outbound traffic (facts 1.10). */
export function outboundLabels(service: BackendRef, route: ObjectRef): LabelBag {
  return {
    ...serviceLabels('parent', service.parent ?? service),
    ...serviceLabels('backend', service),
    route_group: route.group,
    route_kind: route.kind,
    route_namespace: route.namespace,
    route_name: route.name,
    hostname: '',
  };
}

/**
 * Label sets of outbound traffic as linkerd2-proxy v2.366.0 tells them apart: two objects are one to it when group, kind and
 * name agree (its `Meta` compares nothing else), so that Services of one name in several namespaces, or several ports of
 * one, count in the series of whichever came first.
 */
export class OutboundNames {
  readonly #bags = new Map<string, LabelBag>();

  bag(service: BackendRef, route: ObjectRef, hostname = ''): LabelBag {
    const bag = this.#bag(service, route);
    return hostname === '' ? bag : { ...bag, hostname };
  }

  #bag(service: BackendRef, route: ObjectRef): LabelBag {
    const key = this.key(service, route);
    let bag = this.#bags.get(key);
    if (bag === undefined) {
      bag = outboundLabels(service, route);
      this.#bags.set(key, bag);
    }
    return bag;
  }

  key(service: BackendRef, route: ObjectRef): string {
    const parent = service.parent ?? service;
    return [parent, service]
      .map(({ name, madeUp }) => `${madeUp ? 'default' : 'core'} ${name}`)
      .concat(route.group, route.kind, route.name)
      .join(' ');
  }
}

/** Labels that the destination controller of the release does not give. */
const LACKING: Readonly<Record<ProxyBehaviour['dstZone'], readonly string[]>> = {
  none: ['dst_zone', 'dst_zone_locality'],
  zone: ['dst_zone_locality'],
  locality: [],
};

export function outboundTargetLabels(target: OutboundTarget, { dstZone }: ProxyBehaviour): LabelBag {
  const dst = target.dst.filter(([name]) => !LACKING[dstZone].includes(name));
  return {
    direction: 'outbound',
    ...(target.authority === '' ? {} : { authority: target.authority }),
    ...targetLabels(target.ip, target.port),
    ...clientTlsLabels(target.tls),
    'dst_*': dst.map(([name, value]) => `${name}="${value}"`).join(','),
  };
}

/** One key for objects that mean the same label set. */
export function outboundTargetKey(target: OutboundTarget): string {
  return JSON.stringify([target.authority, target.ip, target.port, target.tls, target.dst]);
}

export function serviceKey(service: ServiceRef): string {
  return `${service.namespace}/${service.name}:${service.port}`;
}

/** A backend of another Service's route is not the Service itself, whose balancer is another. */
export function backendKey(service: BackendRef): string {
  const backend = serviceKey(service);
  const parent = service.parent === undefined ? backend : serviceKey(service.parent);
  return parent === backend ? backend : `${backend} of ${parent}`;
}

export function objectKey(object: ObjectRef): string {
  return `${object.group}/${object.kind}/${object.namespace}/${object.name}`;
}

/** One key for all that inbound labels, which have no namespace, cannot tell apart. */
export function inboundKey(object: ObjectRef | null): string {
  return object === null ? '' : `${object.group}/${object.kind}/${object.name}`;
}

export function serverTlsKey(tls: ServerTls): string {
  return tls.tls === 'true' ? `true ${tls.clientId}` : `${tls.tls} ${tls.reason}`;
}
