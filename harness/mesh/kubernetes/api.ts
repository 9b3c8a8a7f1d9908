import { once } from 'node:events';
import http2, { type Http2SecureServer } from 'node:http2';
import type { AddressInfo, Socket } from 'node:net';
import { HarnessError } from '../../core/errors.ts';
import type { Address } from '../contract.ts';
import type { ApiUser } from './access.ts';
import { type AuditEntry, RequestHandler } from './handler.ts';
import type { PodStatusChange } from './pod-status.ts';
import { podWithStatus } from './pod-status.ts';
import type { RoleGrant } from './rbac.ts';
import { ObjectStore } from './store.ts';
import { type KubernetesObject, type Pod, RESOURCES, type ResourceName } from './types.ts';

export type { ApiUser } from './access.ts';
export type { AuditEntry } from './handler.ts';
export type { PodStatusChange } from './pod-status.ts';
export type { RoleGrant } from './rbac.ts';

export interface KubernetesApiOptions {
  /** Port 0 takes a free one. */
  listen: Address;
  tls: { certPem: string; keyPem: string };
  /** What stands there at first: see `kubernetesObjects` in objects.ts. */
  objects: readonly KubernetesObject[];
  users: readonly ApiUser[];
  rules: readonly RoleGrant[];
  /** Between bookmarks of a watch that allows them. Default: a minute, as a real API server. */
  bookmarkEveryMs?: number;
  /** Of a watch that names no timeout. Default 30 min. */
  defaultWatchTimeoutMs?: number;
  /** Told of each request as it is answered, a watch when it begins. */
  audit?: (entry: AuditEntry) => void;
}

/** Starts the simulated Kubernetes API: JSON over TLS, HTTP/1.1 and HTTP/2. @throws HarnessError PORT_TAKEN, KUBERNETES_API_FAILED */
export async function startKubernetesApi(options: KubernetesApiOptions): Promise<KubernetesApi> {
  const server = http2.createSecureServer({ key: options.tls.keyPem, cert: options.tls.certPem, allowHTTP1: true });
  const api = new KubernetesApi(server, options);
  server.listen(options.listen.port, options.listen.host);
  try {
    await once(server, 'listening');
  } catch (cause) {
    const { host, port } = options.listen;
    const taken = (cause as NodeJS.ErrnoException).code === 'EADDRINUSE';
    throw new HarnessError(
      taken ? 'PORT_TAKEN' : 'KUBERNETES_API_FAILED',
      `the simulated Kubernetes API can't listen on ${host}:${port}: ${(cause as Error).message}`,
      { hint: taken ? 'end what listens there, or let the port be chosen' : 'check the address', cause },
    );
  }
  return api;
}

/** A running API. Objects change through it; clients may read only. */
export class KubernetesApi implements AsyncDisposable {
  readonly #server: Http2SecureServer;
  readonly #store = new ObjectStore();
  readonly #sockets = new Set<Socket>();
  readonly #handler: RequestHandler;

  constructor(server: Http2SecureServer, options: KubernetesApiOptions) {
    this.#server = server;
    this.#handler = new RequestHandler(this.#store, {
      users: options.users,
      rules: options.rules,
      bookmarkEveryMs: options.bookmarkEveryMs ?? 60_000,
      defaultWatchTimeoutMs: options.defaultWatchTimeoutMs ?? 1_800_000,
      audit: options.audit ?? (() => {}),
    });
    for (const object of options.objects) this.#store.put(resourceOf(object), object);
    server.on('secureConnection', (socket) => {
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
    });
    // A client that distrusts our certificate ends the handshake: its log says so, ours need not.
    server.on('tlsClientError', () => {});
    server.on('sessionError', () => {});
    server.on('request', (request, response) => this.#handler.handle(request, response));
  }

  get url(): string {
    const { address, port, family } = this.#server.address() as AddressInfo;
    return `https://${family === 'IPv6' ? `[${address}]` : address}:${port}`;
  }

  /** Watches that are open now. */
  get openWatches(): number {
    return this.#handler.openWatches;
  }

  /** Adds a pod or replaces it. */
  upsertPod(pod: Pod): void {
    this.#store.put('pods', pod);
  }

  /** undefined when there is none. */
  getPod(namespace: string, name: string): Pod | undefined {
    return this.#store.get('pods', namespace, name) as Pod | undefined;
  }

  /** @throws HarnessError UNKNOWN_POD */
  setPodStatus(namespace: string, name: string, change: PodStatusChange): void {
    this.#store.put('pods', podWithStatus(this.#pod(namespace, name), change, new Date()));
  }

  /** @throws HarnessError UNKNOWN_POD */
  deletePod(namespace: string, name: string): void {
    this.#pod(namespace, name);
    this.#store.delete('pods', namespace, name);
  }

  /** Replaces all grants; open watches go on, as with a real API server. */
  setRules(rules: readonly RoleGrant[]): void {
    this.#handler.grants = rules;
  }

  /** Replaces all tokens; open watches go on. */
  setUsers(users: readonly ApiUser[]): void {
    this.#handler.users = users;
  }

  /** Cuts each open watch in the middle, as a broken connection would. */
  dropWatches(): void {
    this.#handler.dropWatches();
  }

  /** Forgets the history: whoever watches again from a version known so far gets 410. Open watches go on. */
  compact(): void {
    this.#store.compact();
  }

  async close(): Promise<void> {
    this.dropWatches();
    const closed = this.#server.listening ? once(this.#server, 'close') : undefined;
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #pod(namespace: string, name: string): Pod {
    const pod = this.getPod(namespace, name);
    if (pod) return pod;
    throw new HarnessError('UNKNOWN_POD', `the simulated Kubernetes API has no pod ${namespace}/${name}`, {
      hint: 'name a pod of the mesh configuration',
    });
  }
}

function resourceOf(object: KubernetesObject): ResourceName {
  const names = Object.keys(RESOURCES) as ResourceName[];
  const name = names.find((candidate) => RESOURCES[candidate].kind === object.kind);
  if (name) return name;
  throw new HarnessError('UNKNOWN_KIND', `the simulated Kubernetes API serves no ${object.kind}`, {
    hint: `it serves ${names.map((n) => RESOURCES[n].kind).join(', ')}`,
  });
}
