import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import https from 'node:https';
import { HarnessError } from '../../../core/errors.ts';

const TIMEOUT_MS = 10_000;
const ACCOUNT = '/var/run/secrets/kubernetes.io/serviceaccount';

export interface ApiClientOptions {
  /** `https://host:port` */
  server: string;
  caPem: string;
  /** Read for each request: the kubelet renews it. */
  token(): string;
}

/** The API server said no. */
export class ApiError extends HarnessError {
  readonly status: number;

  constructor(status: number, request: string, answer: string) {
    super('KUBERNETES_API_REFUSED', `${request}: status ${status}: ${messageOf(answer)}`, {
      hint: status === 403 ? 'the ServiceAccount lacks a right: see its ClusterRole' : 'see the API server',
    });
    this.status = status;
  }
}

/** The Kubernetes API, as a control plane's components need it: requests with JSON, and watches. */
export class ApiClient implements Disposable {
  readonly #options: ApiClientOptions;
  readonly #agent: https.Agent;

  constructor(options: ApiClientOptions) {
    this.#options = options;
    this.#agent = new https.Agent({ keepAlive: true, ca: options.caPem });
  }

  /** With what the kubelet gives to every pod. @throws HarnessError NOT_IN_A_CLUSTER */
  static inCluster(env: NodeJS.ProcessEnv = process.env, account = ACCOUNT): ApiClient {
    const { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port } = env;
    try {
      if (!host || !port) throw new Error('KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not set');
      return new ApiClient({
        server: `https://${host.includes(':') ? `[${host}]` : host}:${port}`,
        caPem: readFileSync(`${account}/ca.crt`, 'utf8'),
        token: () => readFileSync(`${account}/token`, 'utf8').trim(),
      });
    } catch (cause) {
      throw new HarnessError('NOT_IN_A_CLUSTER', `no access to the cluster's API: ${(cause as Error).message}`, {
        hint: 'components of the control plane run in pods with a ServiceAccount whose token is mounted',
        cause,
      });
    }
  }

  /** @throws ApiError; Error when there is no answer within 10 s */
  async request<T>(method: 'GET' | 'POST', path: string, body?: unknown): Promise<T> {
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    const response = await this.#send(method, path, signal, body);
    const answer = await readText(response);
    if ((response.statusCode ?? 500) >= 400)
      throw new ApiError(response.statusCode ?? 500, `${method} ${path}`, answer);
    return JSON.parse(answer) as T;
  }

  /** Lines of a response as they come, until it ends. @throws ApiError; what breaks the connection; the signal's reason */
  async *lines(path: string, signal: AbortSignal): AsyncGenerator<string> {
    const response = await this.#send('GET', path, signal);
    if ((response.statusCode ?? 500) >= 400) {
      throw new ApiError(response.statusCode ?? 500, `GET ${path}`, await readText(response));
    }
    response.setEncoding('utf8');
    let rest = '';
    for await (const chunk of response) {
      const lines = (rest + chunk).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) if (line !== '') yield line;
    }
  }

  [Symbol.dispose](): void {
    this.#agent.destroy();
  }

  async #send(method: string, path: string, signal: AbortSignal, body?: unknown): Promise<IncomingMessage> {
    const text = body === undefined ? undefined : JSON.stringify(body);
    const request = https.request(new URL(path, this.#options.server), {
      agent: this.#agent,
      method,
      signal,
      headers: {
        accept: 'application/json',
        authorization: `Bearer ${this.#options.token()}`,
        ...(text === undefined
          ? {}
          : { 'content-type': 'application/json', 'content-length': String(Buffer.byteLength(text)) }),
      },
    });
    request.on('socket', (socket) => socket.setKeepAlive(true, TIMEOUT_MS));
    request.end(text);
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    // What comes after the answer is told by the answer.
    request.on('error', () => {});
    return response;
  }
}

async function readText(response: IncomingMessage): Promise<string> {
  response.setEncoding('utf8');
  let all = '';
  for await (const chunk of response) all += chunk;
  return all;
}

/** A Status has a message; anything else is shown as it is. */
function messageOf(answer: string): string {
  try {
    const { message } = JSON.parse(answer) as { message?: unknown };
    if (typeof message === 'string') return message;
  } catch {
    // No JSON.
  }
  return answer.slice(0, 200);
}
