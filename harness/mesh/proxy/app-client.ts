import type { Socket } from 'node:net';
import { buildConnector, type Dispatcher, Pool } from 'undici';
import type { Address } from '../contract.ts';
import { type HeaderList, type RequestHead, responseFromHttp1 } from './headers.ts';
import { NO_RESPONSE } from './proxy-error.ts';
import type { ResponseRelay, Upstream } from './relay.ts';
import { BodyStream, type RequestBody } from './request-body.ts';

export type Connector = ReturnType<typeof buildConnector>;

/** How long a connection to the app may take, ms. */
export const APP_CONNECT_TIMEOUT_MS = 1000;

/**
 * Plaintext HTTP/1.1 to an app, over connections that are kept: the inbound proxy's client of its own pod, the outbound
 * proxy's of pods that are not meshed.
 */
export class AppClient {
  readonly #pool: Pool;

  /** @param connect makes its connections; absent: in plaintext */
  constructor(
    address: Address,
    opened: (socket: Socket) => void,
    connect: Connector = buildConnector({ timeout: APP_CONNECT_TIMEOUT_MS, allowH2: false }),
  ) {
    const host = address.host.includes(':') ? `[${address.host}]` : address.host;
    this.#pool = new Pool(`http://${host}:${address.port}`, {
      connect: (options, callback) =>
        connect(options, (...result: Parameters<typeof callback>) => {
          if (result[1]) opened(result[1]);
          callback(...result);
        }),
      connections: null,
      pipelining: 1,
      allowH2: false,
      // The proxy sets no limit on how long an app may take.
      headersTimeout: 0,
      bodyTimeout: 0,
    });
  }

  send(relay: ResponseRelay, head: RequestHead, body: RequestBody): void {
    const call = new AppCall(relay, body);
    relay.upstream = call;
    if (head.authority) head.headers.push('host', head.authority);
    this.#pool.dispatch(
      {
        method: head.method as Dispatcher.HttpMethod,
        path: head.path,
        headers: head.headers,
        body: (body instanceof BodyStream ? call.streamed(body) : body) as Dispatcher.DispatchOptions['body'],
      },
      call,
    );
  }

  /** What is under way ends as it will; nothing more may be sent. */
  close(): void {
    this.#pool.close().catch(() => {});
  }

  destroy(): void {
    this.#pool.destroy(new Error('the proxy has ended')).catch(() => {});
  }
}

class AppCall implements Dispatcher.DispatchHandler, Upstream {
  readonly #relay: ResponseRelay;
  readonly #body: RequestBody;
  #controller: Dispatcher.DispatchController | null = null;
  #aborted = false;

  constructor(relay: ResponseRelay, body: RequestBody) {
    this.#relay = relay;
    this.#body = body;
  }

  /** The body as undici takes it; each piece is counted before it is written. */
  async *streamed(body: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    for await (const chunk of body) {
      this.#relay.requestFrame(chunk.length);
      yield chunk;
    }
    this.#relay.requestEnd();
  }

  /** A connection stands; the request is written next. */
  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#aborted) {
      controller.abort(new Error('the caller has gone'));
      return;
    }
    if (this.#body instanceof BodyStream) return;
    if (this.#body) this.#relay.requestFrame(this.#body.length);
    this.#relay.requestEnd();
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    status: number,
    headers: Record<string, string | string[] | undefined>,
  ): void {
    // Informational responses end at this hop, as in hyper.
    if (status >= 200) this.#relay.head(status, responseFromHttp1(headers));
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#relay.data(chunk);
  }

  onResponseEnd(
    _controller: Dispatcher.DispatchController,
    trailers: Record<string, string | string[] | undefined>,
  ): void {
    const list: HeaderList = responseFromHttp1(trailers ?? {});
    this.#relay.end(list.length > 0 ? list : null);
  }

  onResponseError(_controller: Dispatcher.DispatchController | null, error: Error): void {
    if (this.#aborted) return;
    if (this.#relay.headReceived) this.#relay.abortedBody();
    // A connection that was cut is an answer of this proxy; one that was closed is an error (facts, section 2).
    else if (this.#controller && isReset(error))
      this.#relay.synthesize({ status: 502, message: `connection error: ${error.message}` });
    else if (this.#controller) this.#relay.fail(NO_RESPONSE, { status: 500, message: 'unexpected error' });
    else if ((error as { code?: string }).code === 'UND_ERR_CONNECT_TIMEOUT')
      this.#relay.synthesize({ status: 504, message: `error trying to connect: connect timed out` });
    else this.#relay.synthesize({ status: 502, message: `error trying to connect: ${error.message}` });
  }

  pause(): void {
    this.#controller?.pause();
  }

  resume(): void {
    this.#controller?.resume();
  }

  abort(): void {
    this.#aborted = true;
    this.#controller?.abort(new Error('the caller has gone'));
  }
}

/** The system's own error, not undici's for a connection that ended in the middle. */
function isReset(error: Error): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === 'ECONNRESET' || code === 'EPIPE';
}
