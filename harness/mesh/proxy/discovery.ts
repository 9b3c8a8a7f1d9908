import type { MeshServiceConfig } from '../contract.ts';
import { type Peer, samePeer } from './peer.ts';

export function podKey(pod: { namespace: string; name: string }): string {
  return `${pod.namespace}/${pod.name}`;
}

/** A Service with the name under which it is dialled. The object stays the same while only the pods behind it change. */
export interface KnownService extends MeshServiceConfig {
  authority: string;
}

/** Of a proxy, as labels show it. */
export const ADMIN_PORT = 4191;

export interface DialledPod {
  pod: Peer;
  /** As labels show it. */
  port: number;
}

/** Everything that is known at one time. */
export interface Known {
  services: readonly MeshServiceConfig[];
  pods: readonly Peer[];
  /** podKey of those that can be reached. */
  ready: ReadonlySet<string>;
}

/**
 * What the destination controller knows: services, the pods behind them, which of those are ready. Balancers are told of
 * each change at once, as over Linkerd's watches.
 */
export class Discovery {
  #services = new Map<string, KnownService>();
  #byAddress = new Map<string, KnownService>();
  #pods = new Map<string, Peer>();
  /** By their addresses, and by those of their proxies' admin ports. */
  #podsByIp = new Map<string, Peer>();
  #podsByAdmin = new Map<string, Peer>();
  #ready: Set<string>;
  readonly #watchers = new Set<() => void>();
  /** Pods that are there for a little while yet; whoever has connections to them lets go of these. */
  readonly #leaving = new Set<string>();
  readonly #clusterDomain: string;

  constructor(services: readonly MeshServiceConfig[], pods: readonly Peer[], clusterDomain: string) {
    this.#clusterDomain = clusterDomain;
    this.#ready = new Set();
    this.update({ services, pods, ready: this.#ready });
  }

  /**
   * The service that an authority names for a pod of `fromNamespace`: the full name, `name.namespace.svc`,
   * `name.namespace` or `name`, each with or without the service's port; or its cluster IP. undefined when there is none.
   */
  resolve(authority: string, fromNamespace: string): KnownService | undefined {
    const colon = authority.lastIndexOf(':');
    const host = (colon < 0 ? authority : authority.slice(0, colon)).toLowerCase().replace(/\.$/, '');
    const port = colon < 0 ? 80 : Number(authority.slice(colon + 1));
    const suffix = `.svc.${this.#clusterDomain}`;
    const short = host.endsWith(suffix) ? host.slice(0, -suffix.length) : host.replace(/\.svc$/, '');
    const [name, namespace = fromNamespace, more] = short.split('.');
    if (more !== undefined) return this.#byAddress.get(`${host}:${port}`);
    if (host !== short && !short.includes('.')) return undefined;
    return this.#services.get(`${namespace}/${name}:${port}`);
  }

  /** A pod that is dialled by its address. @param authority `ip:port`, or `ip` for port 80 */
  resolvePod(authority: string): DialledPod | undefined {
    const admin = this.#podsByAdmin.get(authority);
    if (admin) return { pod: admin, port: ADMIN_PORT };
    const colon = authority.lastIndexOf(':');
    const pod = this.#podsByIp.get(colon < 0 ? authority : authority.slice(0, colon));
    return pod && { pod, port: colon < 0 ? 80 : Number(authority.slice(colon + 1)) };
  }

  /** By its name; undefined when there is none. */
  service(namespace: string, name: string, port: number): KnownService | undefined {
    return this.#services.get(serviceKey({ namespace, name, port }));
  }

  /** All that have a port, whatever their names: for connections of which only the port is known. */
  servicesAt(port: number): KnownService[] {
    return [...this.#services.values()].filter((service) => service.port === port);
  }

  /** Pods behind a service that are ready now; none of a service that is gone, or that another has replaced. */
  endpoints(service: MeshServiceConfig): Peer[] {
    const known = this.#services.get(serviceKey(service));
    if (!known || known.targetPort !== service.targetPort || known.clusterIp !== service.clusterIp) return [];
    return known.pods
      .map((name) => podKey({ namespace: service.namespace, name }))
      .filter((key) => this.#ready.has(key))
      .map((key) => this.#pods.get(key))
      .filter((pod) => pod !== undefined);
  }

  /** This very service is still there. */
  has(service: KnownService): boolean {
    return this.#services.get(serviceKey(service)) === service;
  }

  /** This very pod, at this address, is still there, ready or not. */
  hasPeer(peer: Peer): boolean {
    return this.#pods.get(podKey(peer)) === peer;
  }

  isReady(key: string): boolean {
    return this.#ready.has(key);
  }

  setReady(key: string, ready: boolean): void {
    if (this.#ready.has(key) === ready || this.#leaving.has(key)) return;
    if (ready) this.#ready.add(key);
    else this.#ready.delete(key);
    this.#tell();
  }

  /** It is no endpoint any more, and won't be one. */
  leave(key: string): void {
    this.#leaving.add(key);
    this.#ready.delete(key);
    this.#tell();
  }

  isLeaving(peer: Peer): boolean {
    return this.#leaving.has(podKey(peer));
  }

  /** It is gone. */
  removePeer(key: string): void {
    this.#leaving.delete(key);
    this.#ready.delete(key);
    const pods = [...this.#pods.values()].filter((pod) => podKey(pod) !== key);
    this.update({ services: [...this.#services.values()], pods, ready: this.#ready });
  }

  /** Another pod in the place of one of the same name. */
  replacePeer(peer: Peer): void {
    const pods = [...this.#pods.values()].filter((pod) => podKey(pod) !== podKey(peer));
    this.update({ services: [...this.#services.values()], pods: [...pods, peer], ready: this.#ready });
  }

  /** Everything anew. Objects of what has not changed are kept, so that balancers and connections are too. */
  update(known: Known): void {
    const services = new Map<string, KnownService>();
    for (const service of known.services) services.set(serviceKey(service), this.#service(service));
    const pods = new Map<string, Peer>();
    for (const pod of known.pods) {
      const before = this.#pods.get(podKey(pod));
      pods.set(podKey(pod), before && samePeer(before, pod) ? before : pod);
    }
    this.#services = services;
    this.#byAddress = new Map(
      [...services.values()].map((service) => [`${service.clusterIp}:${service.port}`, service]),
    );
    this.#pods = pods;
    this.#podsByIp = new Map([...pods.values()].map((pod) => [pod.ip, pod]));
    const admins = [...pods.values()].flatMap((pod) => (pod.admin ? [{ pod, admin: pod.admin }] : []));
    this.#podsByAdmin = new Map(admins.map(({ pod, admin }) => [`${admin.host}:${admin.port}`, pod]));
    this.#ready = new Set(known.ready);
    this.#tell();
  }

  /** @returns ends the watch */
  watch(changed: () => void): () => void {
    this.#watchers.add(changed);
    return () => this.#watchers.delete(changed);
  }

  #service(service: MeshServiceConfig): KnownService {
    const before = this.#services.get(serviceKey(service));
    if (before?.targetPort === service.targetPort && before.clusterIp === service.clusterIp) {
      before.pods = service.pods;
      // What has not changed stays the same object, so that nobody has to build anything anew.
      if (JSON.stringify(before.policy) !== JSON.stringify(service.policy)) {
        if (service.policy) before.policy = service.policy;
        else delete before.policy;
      }
      return before;
    }
    return { ...service, authority: `${service.name}.${service.namespace}.svc.${this.#clusterDomain}` };
  }

  #tell(): void {
    for (const watcher of [...this.#watchers]) watcher();
  }
}

function serviceKey({ namespace, name, port }: Pick<MeshServiceConfig, 'namespace' | 'name' | 'port'>): string {
  return `${namespace}/${name}:${port}`;
}
