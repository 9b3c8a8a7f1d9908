import type { MeshPodConfig, MeshServiceConfig } from '../contract.ts';

export function podKey(pod: { namespace: string; name: string }): string {
  return `${pod.namespace}/${pod.name}`;
}

/** A Service with the name under which it is dialled. */
export interface KnownService extends MeshServiceConfig {
  authority: string;
}

/**
 * What the destination controller knows: services, the pods behind them, which of those are ready. Balancers are told of
 * each change at once, as over Linkerd's watches.
 */
export class Discovery {
  readonly #services = new Map<string, KnownService>();
  readonly #pods = new Map<string, MeshPodConfig>();
  readonly #ready = new Set<string>();
  readonly #watchers = new Set<() => void>();
  readonly #clusterDomain: string;

  constructor(services: readonly MeshServiceConfig[], pods: readonly MeshPodConfig[], clusterDomain: string) {
    this.#clusterDomain = clusterDomain;
    for (const pod of pods) this.#pods.set(podKey(pod), pod);
    for (const service of services) {
      const authority = `${service.name}.${service.namespace}.svc.${clusterDomain}`;
      this.#services.set(`${service.namespace}/${service.name}`, { ...service, authority });
    }
  }

  /**
   * The service that an authority names for a pod of `fromNamespace`: the full name, `name.namespace.svc`,
   * `name.namespace` or `name`, each with or without the service's port. undefined when there is none.
   */
  resolve(authority: string, fromNamespace: string): KnownService | undefined {
    const colon = authority.lastIndexOf(':');
    const host = (colon < 0 ? authority : authority.slice(0, colon)).toLowerCase().replace(/\.$/, '');
    const port = colon < 0 ? 80 : Number(authority.slice(colon + 1));
    const suffix = `.svc.${this.#clusterDomain}`;
    const short = host.endsWith(suffix) ? host.slice(0, -suffix.length) : host.replace(/\.svc$/, '');
    const [name, namespace = fromNamespace, more] = short.split('.');
    if (more !== undefined || (host !== short && !short.includes('.'))) return undefined;
    const service = this.#services.get(`${namespace}/${name}`);
    return service?.port === port ? service : undefined;
  }

  /** Pods behind a service that are ready now. */
  endpoints(service: MeshServiceConfig): MeshPodConfig[] {
    return service.pods
      .map((name) => podKey({ namespace: service.namespace, name }))
      .filter((key) => this.#ready.has(key))
      .map((key) => this.#pods.get(key))
      .filter((pod) => pod !== undefined);
  }

  isReady(key: string): boolean {
    return this.#ready.has(key);
  }

  setReady(key: string, ready: boolean): void {
    if (this.#ready.has(key) === ready) return;
    if (ready) this.#ready.add(key);
    else this.#ready.delete(key);
    for (const watcher of [...this.#watchers]) watcher();
  }

  /** @returns ends the watch */
  watch(changed: () => void): () => void {
    this.#watchers.add(changed);
    return () => this.#watchers.delete(changed);
  }
}
