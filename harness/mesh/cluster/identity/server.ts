import type { IncomingMessage, ServerResponse } from 'node:http';
import { describe, HarnessError } from '../../../core/errors.ts';
import type { Address } from '../../contract.ts';
import { ComponentServer, NO_FACTS } from '../../control-plane.ts';
import type { IdentityAuthority } from '../../identity/authority.ts';
import type { ApiClient } from '../api/client.ts';
import type { CertifyRequest, CertifyResponse } from '../contract.ts';
import { readBody, TlsServer } from '../tls-server.ts';
import { reviewToken } from './token-review.ts';

const MAX_BODY_BYTES = 64 * 1024;
/** Serving certificates live half a year. */
const RENEW_MS = 24 * 3600 * 1000;

export interface IdentityOptions {
  api: Pick<ApiClient, 'request'>;
  authority: IdentityAuthority;
  /** Names of its own certificate. */
  hosts: string[];
  listen: Address;
  admin: Address;
  log(line: string): void;
}

/** The component `identity`: `POST /certify` gives a certificate to whoever shows a ServiceAccount's token. */
export class IdentityServer implements AsyncDisposable {
  readonly #options: IdentityOptions;
  readonly #stack = new AsyncDisposableStack();
  #server: TlsServer | null = null;
  #adminServer: ComponentServer | null = null;

  private constructor(options: IdentityOptions) {
    this.#options = options;
  }

  /** @throws HarnessError PORT_TAKEN */
  static async start(options: IdentityOptions): Promise<IdentityServer> {
    const identity = new IdentityServer(options);
    try {
      await identity.#start();
      return identity;
    } catch (error) {
      await identity[Symbol.asyncDispose]();
      throw error;
    }
  }

  get port(): number {
    return this.#server!.port;
  }

  get adminPort(): number {
    return this.#adminServer!.address.port;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
  }

  async #start(): Promise<void> {
    const { authority, hosts, listen, admin } = this.#options;
    const server = this.#stack.use(
      await TlsServer.start({
        ...{ what: 'identity', listen, tls: authority.issueServing(hosts) },
        handle: (request, response) => void this.#handle(request, response),
      }),
    );
    this.#server = server;
    const renewal = setInterval(() => server.renew(authority.issueServing(hosts)), RENEW_MS);
    this.#stack.defer(() => clearInterval(renewal));
    const issuerTtlSeconds = () => (authority.issuerNotAfterEpochMs - Date.now()) / 1000;
    this.#adminServer = this.#stack.use(
      await ComponentServer.start({ container: 'identity', listen: admin, facts: { ...NO_FACTS, issuerTtlSeconds } }),
    );
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      if (request.method !== 'POST' || request.url !== '/certify') throw new Refusal(404, 'POST /certify');
      const { namespace, name } = await this.#account(await readBody(request, MAX_BODY_BYTES));
      const certificate: CertifyResponse = this.#options.authority.issueWorkload(name, namespace);
      this.#options.log(`certified ${certificate.name}`);
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(certificate));
    } catch (error) {
      const status = error instanceof Refusal ? error.status : 500;
      if (status !== 404) this.#options.log(`refused (${status}): ${describe(error)}`);
      if (response.destroyed) return;
      response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' }).end(`${describe(error)}\n`);
    }
  }

  async #account(body: string) {
    const token = tokenIn(body);
    try {
      return await reviewToken(this.#options.api, token);
    } catch (cause) {
      if (cause instanceof HarnessError && cause.code === 'TOKEN_REFUSED') throw new Refusal(401, cause.message);
      throw new Refusal(503, `the token can't be reviewed: ${describe(cause)}`);
    }
  }
}

class Refusal extends HarnessError {
  readonly status: number;
  constructor(status: number, why: string) {
    super('NOT_CERTIFIED', why, { hint: 'ask with a valid token' });
    this.status = status;
  }
}

/** @throws Refusal 400 */
function tokenIn(body: string): string {
  let request: Partial<CertifyRequest> | null;
  try {
    request = JSON.parse(body);
  } catch {
    throw new Refusal(400, 'the body is not JSON');
  }
  if (typeof request?.token === 'string' && request.token !== '') return request.token;
  throw new Refusal(400, 'the body has no token');
}
