import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { IdentityAuthority } from '../../mesh/identity/authority.ts';

export interface Recorded {
  method: string;
  path: string;
  as: string | null;
}

export interface RecordingApiOptions {
  /** `https://host:port` of the simulated API behind it. */
  api: string;
  /** Folder of the mesh, in which are the credentials of its operator and of Prometheus. */
  meshDir: string;
  /** `host:port` where a pod's port really is; undefined: there is no such pod. */
  addressOf(pod: string, port: number): string | undefined;
}

const PROXIED = /^\/api\/v1\/namespaces\/([^/]+)\/pods\/([^/:]+):(\d+)\/proxy(\/.*)$/;

/**
 * An API server that writes down what it is asked. It answers from the simulated one, and can besides what only a real one can:
 * reach pods, and let somebody speak for somebody else.
 */
export class RecordingApi implements AsyncDisposable {
  readonly asked: Recorded[] = [];
  readonly kubeconfig: string;
  readonly #server: https.Server;
  readonly #options: RecordingApiOptions;
  readonly #dir = mkdtempSync(join(tmpdir(), 'meshproof-doctor-'));

  private constructor(server: https.Server, anchorPem: string, options: RecordingApiOptions) {
    this.#server = server;
    this.#options = options;
    this.kubeconfig = this.#writeKubeconfig(anchorPem);
    server.on('request', (request, response) => {
      this.#answer(request, response).catch((error: Error) => refuse(response, 500, error.message));
    });
    // A port that is forwarded begins with an upgrade; nobody may.
    server.on('upgrade', (request, socket) => {
      this.#note(request);
      socket.end('HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n');
    });
  }

  static async start(options: RecordingApiOptions): Promise<RecordingApi> {
    const authority = new IdentityAuthority({ trustDomain: 'cluster.local', controlPlaneNamespace: 'linkerd' });
    const { certPem, keyPem } = authority.issueServing(['127.0.0.1']);
    const server = https.createServer({ cert: certPem, key: keyPem });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new RecordingApi(server, authority.anchorPem, options);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
    rmSync(this.#dir, { recursive: true, force: true });
  }

  #note({ method, url, headers }: IncomingMessage): string | null {
    const as = headers['impersonate-user'];
    this.asked.push({ method: method!, path: url!, as: as === undefined ? null : String(as) });
    return as === undefined ? null : String(as);
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const as = this.#note(request);
    const [, , pod, port, path] = PROXIED.exec(request.url!) ?? [];
    if (pod) return this.#reach(pod, Number(port), path!, response);
    const { api, meshDir } = this.#options;
    // Whoever speaks for Prometheus has what it has.
    const who = as === null ? join(meshDir, 'operator') : meshDir;
    const read = (name: string) => readFileSync(join(who, name), 'utf8');
    const asked = https.request(new URL(request.url!, api), {
      ...{ method: request.method, ca: readFileSync(join(meshDir, 'operator', 'ca.crt'), 'utf8'), agent: false },
      headers: { authorization: `Bearer ${read('token').trim()}`, accept: 'application/json' },
    });
    asked.end();
    const [answer] = (await once(asked, 'response')) as [IncomingMessage];
    response.writeHead(answer.statusCode!, { 'content-type': answer.headers['content-type'] ?? 'text/plain' });
    await pipeline(answer, response);
  }

  async #reach(pod: string, port: number, path: string, response: ServerResponse): Promise<void> {
    const address = this.#options.addressOf(pod, port);
    if (!address) return refuse(response, 404, `pods "${pod}" not found`);
    const asked = http.get(`http://${address}${path}`, { agent: false });
    let answer: IncomingMessage;
    try {
      [answer] = (await once(asked, 'response')) as [IncomingMessage];
    } catch (error) {
      const refused = (error as NodeJS.ErrnoException).code === 'ECONNREFUSED';
      const said = refused ? 'connect: connection refused' : 'i/o timeout';
      return refuse(response, 503, `error trying to reach service: dial tcp ${address}: ${said}`);
    }
    response.writeHead(answer.statusCode!, { 'content-type': answer.headers['content-type'] ?? 'text/plain' });
    await pipeline(answer, response);
  }

  #writeKubeconfig(anchorPem: string): string {
    const file = join(this.#dir, 'kubeconfig');
    const { port } = this.#server.address() as AddressInfo;
    const ca = Buffer.from(anchorPem).toString('base64');
    const config = {
      ...{ apiVersion: 'v1', kind: 'Config', 'current-context': 'recorded' },
      clusters: [{ name: 'c', cluster: { server: `https://127.0.0.1:${port}`, 'certificate-authority-data': ca } }],
      users: [{ name: 'u', user: { token: 'anything' } }],
      contexts: [{ name: 'recorded', context: { cluster: 'c', user: 'u' } }],
    };
    writeFileSync(file, JSON.stringify(config));
    return file;
  }
}

function refuse(response: ServerResponse, code: number, message: string): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const status = { kind: 'Status', apiVersion: 'v1', status: 'Failure', code, message };
  response.writeHead(code, { 'content-type': 'application/json' }).end(JSON.stringify(status));
}

/** An HTTP server in front of another, that writes down what it is asked. */
export async function recordingProxy(url: string): Promise<AsyncDisposable & { url: string; asked: Recorded[] }> {
  const asked: Recorded[] = [];
  const server = http.createServer((request, response) => {
    asked.push({ method: request.method!, path: request.url!, as: null });
    const behind = http.request(new URL(request.url!, url), { method: request.method, agent: false }, (answer) => {
      response.writeHead(answer.statusCode!, { 'content-type': answer.headers['content-type'] ?? 'text/plain' });
      answer.pipe(response);
    });
    behind.once('error', () => response.destroy());
    request.pipe(behind);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    async [Symbol.asyncDispose]() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}
