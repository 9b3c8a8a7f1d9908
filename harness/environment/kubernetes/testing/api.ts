import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { IdentityAuthority } from '../../../mesh/identity/authority.ts';

export const TOKEN = 'the-token';
const authorities = () => new IdentityAuthority({ trustDomain: 'cluster.local', controlPlaneNamespace: 'linkerd' });
/** Whom the kubeconfigs of these tests trust; and somebody else. */
const AUTHORITY = authorities();
export const OTHER_AUTHORITY = authorities();

export interface Asked {
  method: string;
  /** Without its query. */
  path: string;
  query: URLSearchParams;
  headers: IncomingMessage['headers'];
  body: Buffer;
  /** The body as JSON. */
  json: unknown;
}

export interface Answer {
  status?: number;
  /** Sent as JSON, unless it is text or bytes. */
  body?: unknown;
  headers?: Record<string, string>;
}

type Handler = (
  asked: Asked,
  raw: { request: IncomingMessage; response: ServerResponse },
) => Answer | Promise<Answer> | null;

/** An API server that answers what a test tells it to, over TLS and to one token; anything else is 404. */
export class StandInApi implements AsyncDisposable {
  readonly asked: Asked[] = [];
  readonly kubeconfig: string;
  readonly url: string;
  readonly #server: https.Server;
  readonly #dir = mkdtempSync(join(tmpdir(), 'meshproof-api-'));
  readonly #handlers: { method: string; path: RegExp; handler: Handler }[] = [];

  private constructor(server: https.Server) {
    this.#server = server;
    this.url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
    this.kubeconfig = this.writeKubeconfig();
    server.on('request', (request, response) => void this.#answer(request, response));
    this.on('GET', '/version', () => ({ body: { major: '1', minor: '34' } }));
    this.on('GET', '/api', () => ({ body: discovery(CORE) }));
    this.on('GET', '/apis', () => ({ body: discovery(GROUPS) }));
  }

  static async start(authority = AUTHORITY): Promise<StandInApi> {
    const { certPem, keyPem } = authority.issueServing(['127.0.0.1']);
    const server = https.createServer({ cert: certPem, key: keyPem });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new StandInApi(server);
  }

  /** What is told last counts first. A handler's null leaves the answer to itself, or to nobody. */
  on(method: string, path: string | RegExp, handler: Handler): void {
    const pattern = typeof path === 'string' ? new RegExp(`^${path.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}$`) : path;
    this.#handlers.unshift({ method, path: pattern, handler });
  }

  /** Requests of one method, as `path`. */
  paths(method: string): string[] {
    return this.asked.filter((asked) => asked.method === method).map(({ path }) => path);
  }

  writeKubeconfig(changes: { server?: string; token?: string; name?: string } = {}): string {
    const file = join(this.#dir, changes.name ?? 'kubeconfig');
    const cluster = {
      server: changes.server ?? this.url,
      'certificate-authority-data': Buffer.from(AUTHORITY.anchorPem).toString('base64'),
    };
    const config = {
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [{ name: 'c', cluster }],
      users: [{ name: 'u', user: { token: changes.token ?? TOKEN } }],
      contexts: [
        { name: 'kind-test', context: { cluster: 'c', user: 'u' } },
        { name: 'broken', context: { cluster: 'nowhere', user: 'u' } },
      ],
      'current-context': 'kind-test',
    };
    writeFileSync(file, JSON.stringify(config));
    return file;
  }

  file(name: string, text: string): string {
    const path = join(this.#dir, name);
    writeFileSync(path, text);
    return path;
  }

  get dir(): string {
    return this.#dir;
  }

  /** As when the node is killed. */
  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    if (this.#server.listening) await new Promise((resolve) => this.#server.close(resolve));
  }

  /** Closes the connections that are not in use, as a server does after a while. */
  dropConnections(): void {
    this.#server.closeAllConnections();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    rmSync(this.#dir, { recursive: true, force: true });
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url!, this.url);
    const body = await buffer(request);
    const asked: Asked = {
      method: request.method!,
      path: request.url!.split('?', 1)[0]!,
      query: url.searchParams,
      headers: request.headers,
      body,
      json: body.toString('utf8').startsWith('{') ? JSON.parse(body.toString('utf8')) : undefined,
    };
    this.asked.push(asked);
    if (request.headers.authorization !== `Bearer ${TOKEN}`) return send(response, status(401, 'Unauthorized'));
    const found = this.#handlers.find(({ method, path }) => method === asked.method && path.test(asked.path));
    const answer = found ? await found.handler(asked, { request, response }) : status(404, 'NotFound', 'no such path');
    if (answer) send(response, answer);
  }
}

function send(response: ServerResponse, { status: code = 200, body = '', headers = {} }: Answer): void {
  const raw = typeof body === 'string' || Buffer.isBuffer(body);
  response.writeHead(code, { 'content-type': raw ? 'text/plain' : 'application/json', ...headers });
  response.end(raw ? body : JSON.stringify(body));
}

/** An answer that refuses, as the API server words it. */
export function status(code: number, reason: string, message = reason, details?: object): Answer {
  return {
    status: code,
    body: { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', message, reason, details, code },
  };
}

/** An answer that there is no such object. */
export const notFound = (kind: string, name: string) =>
  status(404, 'NotFound', `${kind} "${name}" not found`, { kind, name });

const ALL = ['create', 'delete', 'get', 'list', 'patch'];
type Resource = [resource: string, kind: string, scope: 'Namespaced' | 'Cluster', verbs?: string[]];
type Group = { name: string; versions: Record<string, Resource[]> };

const CORE: Group[] = [
  {
    name: '',
    versions: {
      v1: [
        ['namespaces', 'Namespace', 'Cluster'],
        ['configmaps', 'ConfigMap', 'Namespaced'],
        ['pods', 'Pod', 'Namespaced'],
        ['endpoints', 'Endpoints', 'Namespaced'],
        ['componentstatuses', 'ComponentStatus', 'Cluster', ['get', 'list']],
      ],
    },
  },
];
export const GROUPS: Group[] = [
  { name: 'apps', versions: { v1: [['deployments', 'Deployment', 'Namespaced']] } },
  {
    name: 'apiextensions.k8s.io',
    versions: { v1: [['customresourcedefinitions', 'CustomResourceDefinition', 'Cluster']] },
  },
  {
    name: 'apiregistration.k8s.io',
    versions: { v1: [['apiservices', 'APIService', 'Cluster']] },
  },
  // The preferred version comes first.
  {
    name: 'policy.linkerd.io',
    versions: {
      v1beta3: [['servers', 'Server', 'Namespaced']],
      v1beta1: [['servers', 'Server', 'Namespaced']],
    },
  },
];

export function discovery(groups: Group[]): object {
  return {
    kind: 'APIGroupDiscoveryList',
    apiVersion: 'apidiscovery.k8s.io/v2',
    items: groups.map(({ name, versions }) => ({
      metadata: { name },
      versions: Object.entries(versions).map(([version, resources]) => ({
        version,
        resources: resources.map(([resource, kind, scope, verbs = ALL]) => ({
          ...{ resource, scope, verbs },
          responseKind: { group: name, version, kind },
        })),
      })),
    })),
  };
}
