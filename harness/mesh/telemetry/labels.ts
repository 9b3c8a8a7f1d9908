import type { ClientTls, InboundTarget, OutboundTarget, ServerTls, ServiceRef } from './types.ts';

/** Label values by name. `dst_*` and `rt_*` hold their labels as printed. The order is the family profile's. */
export type LabelBag = Readonly<Record<string, string>>;

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

/** A default server: named after the default policy (facts 1.9). */
export function serverLabels(policy: string, port: number): LabelBag {
  return { srv_group: '', srv_kind: 'default', srv_name: policy, srv_port: String(port) };
}

/** Default routes and the authorization that goes with them. */
export function routeLabels(route: InboundTarget['route'], policy: string): LabelBag {
  return {
    route_group: '',
    route_kind: 'default',
    route_name: route,
    authz_group: '',
    authz_kind: 'default',
    authz_name: route === 'probe' ? 'probe' : policy,
  };
}

/** Labels of the default inbound route in the registry's families, which call the server `parent` (facts 1.9). */
export function inboundRouteLabels(target: InboundTarget, policy: string): LabelBag {
  return {
    parent_group: '',
    parent_kind: 'default',
    parent_name: policy,
    parent_port: String(target.port),
    route_group: '',
    route_kind: 'default',
    route_name: target.route,
  };
}

function serviceLabels(scope: string, service: ServiceRef): LabelBag {
  return {
    [`${scope}_group`]: 'core',
    [`${scope}_kind`]: 'Service',
    [`${scope}_namespace`]: service.namespace,
    [`${scope}_name`]: service.name,
    [`${scope}_port`]: String(service.port),
    [`${scope}_section_name`]: '',
  };
}

/** Parent, backend and default route of a Service (facts 1.10). */
export function outboundLabels(service: ServiceRef, route: 'http' | 'opaq'): LabelBag {
  return {
    ...serviceLabels('parent', service),
    ...serviceLabels('backend', service),
    route_group: '',
    route_kind: 'default',
    route_namespace: '',
    route_name: route,
    hostname: '',
  };
}

export function outboundTargetLabels(target: OutboundTarget): LabelBag {
  return {
    direction: 'outbound',
    authority: target.authority,
    ...targetLabels(target.ip, target.port),
    ...clientTlsLabels(target.tls),
    'dst_*': target.dst.map(([name, value]) => `${name}="${value}"`).join(','),
  };
}

/** One key for objects that mean the same label set. */
export function outboundTargetKey(target: OutboundTarget): string {
  return JSON.stringify([target.authority, target.ip, target.port, target.tls, target.dst]);
}

export function serviceKey(service: ServiceRef): string {
  return `${service.namespace}/${service.name}:${service.port}`;
}

export function serverTlsKey(tls: ServerTls): string {
  return tls.tls === 'true' ? `true ${tls.clientId}` : `${tls.tls} ${tls.reason}`;
}
