import type { ApiClient } from '../api/client.ts';
import type { Annotations } from './annotations.ts';

/** A ReplicaSet's pods come together and ask once; whoever annotates a namespace waits no longer than this, ms. */
const CACHE_MS = 1000;

/** Annotations of namespaces, by the API. */
export class NamespaceAnnotations {
  readonly #api: Pick<ApiClient, 'request'>;
  readonly #cacheMs: number;
  readonly #known = new Map<string, { untilMs: number; annotations: Promise<Annotations> }>();

  constructor(api: Pick<ApiClient, 'request'>, cacheMs = CACHE_MS) {
    this.#api = api;
    this.#cacheMs = cacheMs;
  }

  /** @throws ApiError */
  of(namespace: string): Promise<Annotations> {
    const now = performance.now();
    for (const [name, { untilMs }] of this.#known) if (untilMs <= now) this.#known.delete(name);
    const known = this.#known.get(namespace);
    if (known) return known.annotations;
    const annotations = this.#get(namespace);
    this.#known.set(namespace, { untilMs: now + this.#cacheMs, annotations });
    // A failure is no answer: the next pod asks again.
    annotations.catch(() => this.#known.delete(namespace));
    return annotations;
  }

  async #get(namespace: string): Promise<Annotations> {
    const object = await this.#api.request<{ metadata: { annotations?: Record<string, string> } }>(
      'GET',
      `/api/v1/namespaces/${encodeURIComponent(namespace)}`,
    );
    return object.metadata.annotations;
  }
}
