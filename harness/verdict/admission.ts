import { networkMatcher } from '../core/networks.ts';
import type { Authorization, DefaultPolicy, InboundPolicy, InboundServer, ObjectRef } from '../core/policy.ts';
import type { Topology } from '../core/topology.ts';
import type { InboundPath } from './paths.ts';

/** Who asks; an address that is not known is null. */
export interface Client {
  /** Empty without mutual TLS. */
  identity: string;
  address: string | null;
}

export interface Admission {
  /** `maybe`: only the client's address would tell. */
  admitted: 'yes' | 'no' | 'maybe';
  /** Those that may have let it in, in no order: the policy controller keeps none. */
  by: ObjectRef[];
}

const DEFAULT_SERVER: ObjectRef = { group: '', kind: 'default', namespace: '', name: '' };

/** Whether a callee's proxy lets a client's request in, and by which authorization (telemetry facts, 1.9). */
export function admit(
  policy: InboundPolicy,
  server: InboundServer | undefined,
  path: InboundPath,
  client: Client,
): Admission {
  const access = server?.accessPolicy ?? policy.defaultPolicy;
  const asked = [
    ...(path.route?.authorizations ?? []),
    ...(server?.authorizations ?? []),
    ...defaultAuthorizations(access),
  ].map((authorization) => ({ ref: authorization.ref, admits: admits(authorization, client) }));
  const by = asked.filter((a) => a.admits !== 'no').map((a) => a.ref);
  if (asked.some((a) => a.admits === 'yes')) return { admitted: 'yes', by };
  return { admitted: by.length > 0 ? 'maybe' : 'no', by };
}

/** `deny` admits nobody, `audit` everybody; labels name a default authorization after its policy. */
function defaultAuthorizations(policy: DefaultPolicy): Authorization[] {
  if (policy === 'deny') return [];
  const identities = policy.endsWith('-authenticated') ? ['*'] : null;
  return [{ ref: { ...DEFAULT_SERVER, name: policy }, networks: [], identities }];
}

function admits({ networks, identities }: Authorization, { identity, address }: Client): Admission['admitted'] {
  const known = identities === null || (identity !== '' && identities.some((name) => isNamed(name, identity)));
  if (!known) return 'no';
  if (networks.length === 0) return 'yes';
  if (address === null) return 'maybe';
  return networkMatcher(networks)(address) ? 'yes' : 'no';
}

/** `*`: whoever has an identity; `*.x`: whose name ends in `.x`. */
function isNamed(name: string, identity: string): boolean {
  return name.startsWith('*') ? identity.endsWith(name.slice(1)) : name === identity;
}

/** Port of a Server that is not the app's. */
const ADMIN_PORT = 4191;

/** What the proxies of each workload let in. */
export class Policies {
  readonly #inbound: ReadonlyMap<string, InboundPolicy>;
  readonly #identities: ReadonlyMap<string, string>;
  readonly #addresses: ReadonlyMap<string, string>;

  constructor(topology: Topology) {
    this.#inbound = new Map(topology.workloads.flatMap((w) => (w.inboundPolicy ? [[w.id, w.inboundPolicy]] : [])));
    this.#identities = new Map(topology.workloads.map((w) => [w.id, w.identity]));
    this.#addresses = new Map(topology.pods.map((p) => [`${p.namespace}/${p.name}`, p.ip]));
  }

  /** undefined: everything is let in, and nobody has said by which default policy. */
  of(workload: string): InboundPolicy | undefined {
    return this.#inbound.get(workload);
  }

  /** The Server of the app's port. */
  serverOf(workload: string): InboundServer | undefined {
    return this.of(workload)?.servers.find((s) => s.port !== ADMIN_PORT);
  }

  clientOf(workload: string, pod: string): Client {
    return { identity: this.#identities.get(workload) ?? '', address: this.#addresses.get(pod) ?? null };
  }

  admission(workload: string, path: InboundPath, client: Client): Admission {
    const policy = this.of(workload);
    if (!policy) return { admitted: 'yes', by: [] };
    return admit(policy, this.serverOf(workload), path, client);
  }
}
