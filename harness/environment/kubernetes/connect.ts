import { EXIT, HarnessError } from '../../core/errors.ts';
import { type ApplyOptions, applyObjects } from './apply.ts';
import type { Kube, KubernetesObject, ListOptions, ObjectRef, RequestOptions } from './contract.ts';
import { readKubeconfig } from './credentials.ts';
import { type DeleteOptions, deleteObjects } from './delete.ts';
import { collectionPath, Discovery, objectPath } from './discovery.ts';
import { isNotFound } from './errors.ts';
import { Gateway } from './gateway.ts';
import { labelledObjects } from './labelled.ts';
import { Transport } from './transport.ts';

/** What the system says when nobody listens at an address, or nobody has the name. */
const NOBODY_THERE = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EHOSTUNREACH', 'ENETUNREACH']);
/** Another cluster, with a certificate of its own, answers at the address. */
const ANOTHER = /CERT|SELF_SIGNED|UNABLE_TO_(?:VERIFY|GET)|ERR_TLS_CERT_ALTNAME/;
const CONNECT_TIMEOUT_MS = 10_000;

/**
 * Connects to the cluster of a kubeconfig, and asks for its version to see that it is there.
 * @param options.context default: the current one of the kubeconfig
 * @param options.signal ends the attempt to connect; what is asked later has signals of its own, so that a run that was
 * interrupted can still tidy up
 * @throws HarnessError KUBECONFIG_BAD; CLUSTER_GONE when nobody, or another cluster, answers at its address;
 * CLUSTER_REFUSED; CLUSTER_UNREACHABLE
 */
export async function connectKube(options: {
  kubeconfig: string;
  context?: string | null;
  signal?: AbortSignal;
}): Promise<Kube> {
  options.signal?.throwIfAborted();
  const transport = new Transport(await readKubeconfig(options));
  try {
    await transport.send('GET', '/version', { timeoutMs: CONNECT_TIMEOUT_MS, signal: options.signal });
  } catch (error) {
    transport.close();
    throw goneOr(error, transport);
  }
  return new ConnectedKube(transport);
}

function goneOr(error: unknown, transport: Transport): unknown {
  if (!(error instanceof HarnessError) || error.code !== 'CLUSTER_UNREACHABLE') return error;
  const { kubeconfig, context } = transport.credentials;
  const code = (error.cause as NodeJS.ErrnoException | undefined)?.code ?? '';
  const what = NOBODY_THERE.has(code)
    ? `nobody answers at ${transport.server} (${code})`
    : ANOTHER.test(code) && `another cluster answers at ${transport.server} (${code})`;
  if (!what) return error;
  return new HarnessError('CLUSTER_GONE', `${kubeconfig}: the cluster of its context "${context}" is gone: ${what}`, {
    hint: 'the kubeconfig is of a cluster that was deleted, or whose nodes do not run; `kind get clusters` lists those there are',
    exitCode: EXIT.environment,
    cause: error,
  });
}

class ConnectedKube implements Kube {
  readonly #transport: Transport;
  readonly #discovery: Discovery;
  readonly #gateways = new Map<string, Promise<Gateway>>();

  constructor(transport: Transport) {
    this.#transport = transport;
    this.#discovery = new Discovery(transport);
  }

  get server(): string {
    return this.#transport.server;
  }

  get kubeconfig(): string {
    return this.#transport.credentials.kubeconfig;
  }

  get context(): string {
    return this.#transport.credentials.context;
  }

  apply(objects: KubernetesObject[], options: ApplyOptions): Promise<void> {
    return applyObjects(this.#transport, this.#discovery, objects, options);
  }

  async get<T = KubernetesObject>(ref: ObjectRef): Promise<T | null> {
    const resource = await this.#discovery.find(ref);
    if (!resource) return null;
    try {
      return (await this.#transport.send('GET', objectPath(resource, ref))) as T;
    } catch (error) {
      if (isNotFound(error)) return null;
      throw error;
    }
  }

  async list<T = KubernetesObject>(
    kind: { apiVersion: string; kind: string },
    options: ListOptions = {},
  ): Promise<T[]> {
    const resource = await this.#discovery.resource(kind);
    const query = new URLSearchParams();
    if (options.labelSelector) query.set('labelSelector', options.labelSelector);
    if (options.fieldSelector) query.set('fieldSelector', options.fieldSelector);
    const path = collectionPath(resource, options.namespace);
    const list = (await this.#transport.send('GET', query.size > 0 ? `${path}?${query}` : path)) as { items: object[] };
    // The items of a list do not say what they are.
    return list.items.map((item) => ({ apiVersion: kind.apiVersion, kind: kind.kind, ...item }) as T);
  }

  request(method: string, path: string, body?: unknown, options: RequestOptions = {}): Promise<unknown> {
    return this.#transport.send(method, path, { ...options, body });
  }

  delete(refs: ObjectRef[], options?: DeleteOptions): Promise<void> {
    return deleteObjects(this.#transport, this.#discovery, refs, options);
  }

  labelled(labels: Record<string, string>): Promise<ObjectRef[]> {
    return labelledObjects(this.#transport, this.#discovery, labels);
  }

  async gateway(namespace: string, pod: string, port: number): Promise<string> {
    const key = `${namespace}/${pod}:${port}`;
    const gateway = this.#gateways.get(key) ?? Gateway.open(this.#transport, namespace, pod, port);
    this.#gateways.set(key, gateway);
    return (await gateway).url;
  }

  async close(): Promise<void> {
    const gateways = await Promise.all(this.#gateways.values());
    this.#gateways.clear();
    await Promise.all(gateways.map((gateway) => gateway[Symbol.asyncDispose]()));
    this.#transport.close();
  }
}
