import { once } from 'node:events';
import http, { type IncomingMessage, type OutgoingHttpHeaders } from 'node:http';
import https, { type RequestOptions } from 'node:https';
import type { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import type { KubeCredentials } from './credentials.ts';
import { ApiError, unreachable } from './errors.ts';

/** Silence after which a request counts as lost. */
export const REQUEST_TIMEOUT_MS = 30_000;

export interface SendOptions {
  body?: unknown;
  /** Default `application/json`. */
  contentType?: string;
  accept?: string;
  /** Silence, not duration. Default 30 s. */
  timeoutMs?: number;
  signal?: AbortSignal;
}

export interface OpenOptions {
  method: string;
  /** As it goes over the wire, with its query. */
  path: string;
  headers: OutgoingHttpHeaders;
  body?: Buffer | Readable;
  timeoutMs: number;
  signal?: AbortSignal;
}

/** Requests to one API server with a kubeconfig's credentials, over connections that are kept. */
export class Transport {
  readonly credentials: KubeCredentials;
  readonly #agent: http.Agent;
  readonly #base: URL;
  readonly #closing = new AbortController();

  constructor(credentials: KubeCredentials) {
    this.credentials = credentials;
    this.#base = new URL(credentials.server);
    const Agent = this.#base.protocol === 'http:' ? http.Agent : https.Agent;
    // API servers close what was idle for 90 s.
    this.#agent = new Agent({ keepAlive: true, maxFreeSockets: 16, timeout: 60_000 });
  }

  get server(): string {
    return this.credentials.server;
  }

  /**
   * One request and its whole answer: JSON parsed, anything else as text.
   * @throws ApiError for a status of 400 and above; HarnessError CLUSTER_UNREACHABLE; the signal's reason when aborted
   */
  async send(method: string, path: string, options: SendOptions = {}): Promise<unknown> {
    const asked = `${method} ${path}`;
    const body = options.body === undefined ? undefined : Buffer.from(JSON.stringify(options.body));
    const headers: OutgoingHttpHeaders = { accept: options.accept ?? 'application/json, */*' };
    if (body) {
      headers['content-type'] = options.contentType ?? 'application/json';
      headers['content-length'] = body.length;
    }
    const { timeoutMs = REQUEST_TIMEOUT_MS, signal } = options;
    const response = await this.open({ method, path, headers, body, timeoutMs, signal });
    let text: string;
    try {
      text = (await buffer(response)).toString('utf8');
    } catch (error) {
      signal?.throwIfAborted();
      throw unreachable(asked, this.server, error as Error);
    }
    const status = response.statusCode!;
    if (status >= 400) throw new ApiError(asked, status, text, response.headers['retry-after']);
    const isJson = response.headers['content-type']?.startsWith('application/json');
    return isJson && text !== '' ? JSON.parse(text) : text;
  }

  /**
   * One request; resolves with the answer's head, whatever its status.
   * @throws HarnessError CLUSTER_UNREACHABLE; the signal's reason when aborted
   */
  async open(options: OpenOptions): Promise<IncomingMessage> {
    options.signal?.throwIfAborted();
    const credentials = await this.credentials.requestOptions();
    for (let attempt = 1; ; attempt++) {
      const request = this.#start(options, credentials);
      try {
        return await answered(request, options.body);
      } catch (error) {
        options.signal?.throwIfAborted();
        // The server may close a kept connection while we take it up again; that says nothing about the server.
        const stale =
          request.reusedSocket && /^(?:ECONNRESET|EPIPE)$/.test((error as NodeJS.ErrnoException).code ?? '');
        const repeatable = options.method !== 'POST' && (options.body === undefined || Buffer.isBuffer(options.body));
        if (stale && repeatable && attempt < 4 && !this.#closing.signal.aborted) continue;
        throw unreachable(`${options.method} ${options.path}`, this.server, error as Error);
      }
    }
  }

  /** Ends whatever is under way. */
  close(): void {
    this.#closing.abort(new Error('the connection to the cluster was closed'));
    this.#agent.destroy();
  }

  #start(options: OpenOptions, credentials: RequestOptions): http.ClientRequest {
    const secure = this.#base.protocol !== 'http:';
    const signals = [this.#closing.signal, ...(options.signal ? [options.signal] : [])];
    const request = (secure ? https : http).request({
      agent: this.#agent,
      ...credentials,
      host: this.#base.hostname.replace(/^\[(.*)\]$/, '$1'),
      port: this.#base.port || (secure ? 443 : 80),
      method: options.method,
      path: this.#base.pathname.replace(/\/$/, '') + options.path,
      headers: { ...options.headers, ...credentials.headers },
      signal: AbortSignal.any(signals),
    });
    let response: IncomingMessage | undefined;
    request.once('response', (begun) => {
      response = begun;
    });
    request.setTimeout(options.timeoutMs, () => {
      (response ?? request).destroy(new Error(`nothing came for ${options.timeoutMs / 1000} s`));
    });
    return request;
  }
}

async function answered(request: http.ClientRequest, body: Buffer | Readable | undefined): Promise<IncomingMessage> {
  const response = once(request, 'response') as Promise<[IncomingMessage]>;
  // An answer may come before the body has been taken; a request that fails to be written fails as `response` does.
  request.on('error', () => {});
  if (body === undefined || Buffer.isBuffer(body)) request.end(body);
  else pipeline(body, request).catch(() => {});
  return (await response)[0];
}
