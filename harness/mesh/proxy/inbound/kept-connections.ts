import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** What says when it is closed. */
interface Closing {
  once(event: 'close', listener: () => void): unknown;
}

/** How long an idle HTTP/1 connection may still be used once more, ms: its client may be about to. */
const IDLE_MS = 500;

/** The connections on which requests come to a proxy, and how each is asked to end in order. */
export class KeptConnections {
  readonly #close = new Map<Closing, () => void>();
  /** HTTP/1 connections with the answer that is under way on each. */
  readonly #answers = new Map<Socket, ServerResponse>();
  #retiring = false;

  get size(): number {
    return this.#close.size;
  }

  /** @param close asks its other end to let go of it, as soon as nothing is under way on it */
  add(connection: Closing, close: () => void): void {
    this.#close.set(connection, close);
    connection.once('close', () => this.#close.delete(connection));
    if (this.#retiring) close();
  }

  addHttp1(socket: Socket): void {
    socket.once('close', () => this.#answers.delete(socket));
    this.add(socket, () => this.#closeHttp1(socket));
  }

  /** A request has come on an HTTP/1 connection: where its answer will be written, of which nothing is yet. */
  answering(socket: Socket, response: ServerResponse): void {
    if (this.#retiring) sayLast(response);
    this.#answers.set(socket, response);
    response.once('close', () => {
      if (this.#answers.get(socket) === response) this.#answers.delete(socket);
    });
  }

  /** Asks all to end, and so with those that come. */
  retire(): void {
    if (this.#retiring) return;
    this.#retiring = true;
    for (const close of this.#close.values()) close();
  }

  /** With the answer that is under way, or the next; or after a while without any. */
  #closeHttp1(socket: Socket): void {
    const answer = this.#answers.get(socket);
    if (answer && !answer.headersSent) sayLast(answer);
    const closeIdle = () => {
      if (!this.#answers.has(socket)) socket.end();
    };
    // What has begun to be answered did not say so: it ends after it.
    if (answer?.headersSent) answer.once('close', closeIdle);
    else if (!answer) setTimeout(closeIdle, IDLE_MS).unref();
  }
}

/** The header beside the property: a proxy that keeps a connection takes the header off. */
function sayLast(answer: ServerResponse): void {
  answer.shouldKeepAlive = false;
  answer.setHeader('connection', 'close');
}
