import { isLoopback } from '../../../core/networks.ts';
import type { InboundTarget, ServerTls } from '../../telemetry/types.ts';
import type { InboundClient } from './authorize.ts';
import type { EntryTarget } from './policies.ts';

const PLAINTEXT: ServerTls = { tls: 'no_identity', reason: 'no_tls_from_remote' };

/** Label sets of one identity where no policy names another; telemetry knows them by their objects. */
interface Targets {
  target: InboundTarget;
  probe: InboundTarget;
}

/** Whoever is at the other end of a connection. */
export interface Client extends InboundClient, Targets {
  /** Where its requests go, with how they came. */
  at: EntryTarget;
}

export interface ServedPod {
  ip: string;
  app: { labelPort: number } | null;
}

/** The clients of one pod's inbound proxy. */
export class Clients {
  readonly #pod: ServedPod;
  readonly #targets = new Map<string | null, Targets>();
  readonly #direct = new Map<string | null, Targets>();

  constructor(pod: ServedPod) {
    this.#pod = pod;
  }

  /**
   * @param identity the DNS name of its certificate; null without mutual TLS
   * @param direct its proxy sends no transport header
   */
  of(identity: string | null, address: string | undefined, direct = false): Client {
    const targets = this.#of(identity, direct);
    const from = address ?? '';
    return { ...targets, identity, address: from, local: isInPod(this.#pod.ip, from), at: targets.target };
  }

  #of(identity: string | null, direct: boolean): Targets {
    const of = direct ? this.#direct : this.#targets;
    const known = of.get(identity);
    if (known) return known;
    const { ip, app } = this.#pod;
    const tls: ServerTls = identity === null ? PLAINTEXT : { tls: 'true', clientId: identity };
    const target: InboundTarget = { ip, port: app?.labelPort ?? 0, tls, route: 'default', ...(direct && { direct }) };
    const targets: Targets = { target, probe: { ...target, route: 'probe' } };
    of.set(identity, targets);
    return targets;
  }
}

/**
 * The connection comes from the pod itself: from a loopback address. Where pods have loopback addresses, from the pod's own;
 * where all share one, nobody can tell.
 */
export function isInPod(podIp: string, from: string): boolean {
  return isLoopback(podIp) ? from === podIp && podIp !== '127.0.0.1' : isLoopback(from);
}
