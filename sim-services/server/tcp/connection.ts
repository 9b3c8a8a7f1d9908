import type { Socket } from 'node:net';
import { TCP_PREAMBLE } from '../../contract.ts';
import { encoded } from '../../ledger/encode.ts';
import { NOBODY } from '../caller.ts';
import type { PodContext } from '../context.ts';
import type { AppRoute } from '../route.ts';
import { type AnswerSink, TcpExchange } from './exchange.ts';
import { greetingOf, Incoming, type Preamble, readPreamble } from './protocol.ts';

/** A connection that the pod has accepted: in the journal before it is read, and again before it is seen to end. */
export class AcceptedConnection implements AnswerSink {
  readonly #pod: PodContext;
  readonly #socket: Socket;
  readonly #route: AppRoute;
  readonly #id: number;
  readonly #openMs: number;
  readonly #incoming = new Incoming();
  readonly #bytes = { read: 0, written: 0 };
  #preamble: Preamble | null = null;
  #greeted = false;
  #exchange: TcpExchange | null = null;
  #begun = 0;
  /** Of the request that is being read. */
  #missing = 0;
  #closed = false;
  #hung = false;

  constructor(pod: PodContext, socket: Socket, route: AppRoute, speaksFirst: boolean, nowMs: number) {
    this.#pod = pod;
    this.#socket = socket;
    this.#route = route;
    this.#openMs = nowMs;
    this.#id = pod.journal.connectionAccepted();
    pod.begun();
    socket.on('data', (chunk) => this.#received(chunk));
    socket.on('end', () => this.close());
    socket.on('error', () => this.#record('reset'));
    socket.on('close', () => {
      this.#record('reset');
      pod.ended(this.#hung);
    });
    if (speaksFirst) this.write([]);
  }

  /** Writes, a greeting before the first time. `done` is called when the system has it. */
  write(parts: Buffer[], done?: () => void): void {
    const all = this.#greeted ? parts : [greetingOf(this.#pod.answers.pod), ...parts];
    this.#greeted = true;
    const bytes = all.length === 1 ? all[0]! : Buffer.concat(all);
    this.#socket.write(bytes, (error) => {
      if (error) return;
      this.#bytes.written += bytes.length;
      done?.();
    });
  }

  answered(): void {
    this.#exchange = null;
    this.#advance();
  }

  /** No drain waits for it. */
  hangs(): void {
    this.#hung = true;
  }

  close(): void {
    this.#record('closed');
    this.#socket.destroySoon();
  }

  reset(): void {
    this.#record('reset');
    this.#socket.resetAndDestroy();
  }

  #received(chunk: Buffer): void {
    this.#bytes.read += chunk.length;
    if (this.#closed) return;
    this.#incoming.add(chunk);
    if (!this.#preamble && !this.#readPreamble()) return;
    this.#advance();
  }

  /** False: there is none yet, or never will be. */
  #readPreamble(): boolean {
    // A probe, or another protocol, which may never end a line.
    const line = this.#incoming.mayBegin(`${TCP_PREAMBLE} `) ? this.#incoming.line() : undefined;
    if (line === null) return false;
    this.#preamble = line === undefined ? null : readPreamble(line);
    if (!this.#preamble) {
      this.close();
      return false;
    }
    this.#missing = this.#preamble.requestBytes;
    return true;
  }

  /** Begins the next exchange when its request has come. */
  #advance(): void {
    const preamble = this.#preamble;
    if (!preamble || this.#closed || this.#exchange || this.#begun === preamble.exchanges) return;
    this.#missing -= this.#incoming.skip(this.#missing);
    if (this.#missing > 0) return;
    this.#missing = preamble.requestBytes;
    this.#begun += 1;
    this.#exchange = new TcpExchange(this.#pod, this.#route, this, this.#begun === 1);
    this.#exchange.start();
  }

  #record(how: 'closed' | 'reset'): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#exchange?.connectionClosed();
    const caller = this.#preamble ? encoded(this.#preamble.caller) : NOBODY;
    const closeMs = this.#pod.journal.acceptedClosed(this.#id, caller, this.#bytes, how);
    this.#pod.metrics.outcome(this.#route.name, 'CONNECT', how === 'closed' ? 200 : 0).count(closeMs - this.#openMs);
  }
}
