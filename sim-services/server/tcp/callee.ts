import { connect, type Socket } from 'node:net';
import { fill } from '../../behaviour/body.ts';
import type { Call } from '../../contract.ts';
import { encoded } from '../../ledger/encode.ts';
import type { ConnectionEnd, Journal } from '../../ledger/journal.ts';
import { type Callee, type CallObserver, CONNECTION_FAILED, TIMED_OUT } from '../call.ts';
import type { Address, Egress, Kept, Turn } from '../egress.ts';
import { Incoming, preambleOf, readGreeting, readLength } from './protocol.ts';

/** A call to a TCP service: a connection of its own. */
export class TcpCallee implements Callee {
  readonly #call: Call;
  readonly #egress: Egress;
  readonly #turn: Turn;
  readonly #journal: Journal;
  readonly #service: string;
  readonly #preamble: Buffer;

  /** @param caller `namespace/workload` that calls */
  constructor(call: Call, caller: string, egress: Egress, journal: Journal) {
    this.#call = call;
    this.#egress = egress;
    this.#turn = egress.turnOf(call);
    this.#journal = journal;
    this.#service = encoded(call.service);
    const { requestBytes, exchanges = 1 } = call;
    this.#preamble = preambleOf({ caller, requestBytes, exchanges });
  }

  start(observer: CallObserver, index: number): void {
    const id = this.#journal.connecting(this.#service);
    const connection = new MadeConnection(this.#journal, id, this.#call, this.#preamble, (failure) => {
      observer.callEnded(index, this.#call.onFailure === 'propagate' ? failure : null);
    });
    this.#egress.track(connection);
    connection.open(this.#turn.addresses[this.#turn.next()]!, () => this.#egress.forget(connection));
  }
}

class MadeConnection implements Kept {
  readonly #journal: Journal;
  readonly #id: number;
  readonly #call: Call;
  readonly #preamble: Buffer;
  readonly #onResult: (failure: number | null) => void;
  readonly #incoming = new Incoming();
  readonly #bytes = { read: 0, written: 0 };
  #socket: Socket | null = null;
  #timer: NodeJS.Timeout | null = null;
  #opened = false;
  #failed = false;
  #pod: string | null = null;
  /** Of the answer that is being read; null: its length is yet to come. */
  #missing: number | null = null;
  #answers = 0;
  #told = false;
  #recorded = false;

  constructor(journal: Journal, id: number, call: Call, preamble: Buffer, onResult: (failure: number | null) => void) {
    this.#journal = journal;
    this.#id = id;
    this.#call = call;
    this.#preamble = preamble;
    this.#onResult = onResult;
  }

  open({ host, port }: Address, onClose: () => void): void {
    const { timeoutMs } = this.#call;
    if (timeoutMs !== null) this.#timer = setTimeout(() => this.#timeOut(), timeoutMs);
    const socket = connect({ host, port, noDelay: true });
    this.#socket = socket;
    socket.on('connect', () => {
      this.#opened = true;
      if (!this.#call.serverSpeaksFirst) this.#introduce();
    });
    socket.on('data', (chunk) => this.#received(chunk));
    socket.on('error', () => {
      this.#failed = true;
    });
    socket.on('close', () => {
      this.#record(this.#failed ? (this.#opened ? 'reset' : 'refused') : 'closed');
      this.#tell(CONNECTION_FAILED);
      onClose();
    });
  }

  destroy(): void {
    this.#socket?.destroy();
  }

  #introduce(): void {
    this.#write(Buffer.concat([this.#preamble, fill(this.#call.requestBytes)]));
  }

  #write(bytes: Buffer): void {
    this.#socket!.write(bytes, (error) => {
      if (!error) this.#bytes.written += bytes.length;
    });
  }

  #received(chunk: Buffer): void {
    this.#bytes.read += chunk.length;
    if (this.#told) return;
    this.#incoming.add(chunk);
    while (this.#read()) {
      // On to the next.
    }
  }

  /** Reads one thing; false when it has not come whole, or was the last. */
  #read(): boolean {
    if (this.#missing !== null) {
      this.#missing -= this.#incoming.skip(this.#missing);
      return this.#missing === 0 && this.#answered();
    }
    const line = this.#incoming.line();
    if (line === null) return false;
    if (this.#pod === null) {
      this.#pod = line === undefined ? null : readGreeting(line);
      if (this.#pod === null) return this.#giveUp();
      if (this.#call.serverSpeaksFirst) this.#introduce();
    } else {
      this.#missing = line === undefined ? null : readLength(line);
      if (this.#missing === null) return this.#giveUp();
    }
    return true;
  }

  /** An answer has come whole. */
  #answered(): boolean {
    this.#missing = null;
    this.#answers += 1;
    if (this.#answers < (this.#call.exchanges ?? 1)) {
      if (this.#call.requestBytes > 0) this.#write(fill(this.#call.requestBytes));
      return true;
    }
    this.#tell(null);
    this.#socket!.end();
    return false;
  }

  /** It does not speak the protocol. */
  #giveUp(): false {
    this.#tell(CONNECTION_FAILED);
    this.#socket!.end();
    return false;
  }

  #timeOut(): void {
    this.#record('timeout');
    this.#tell(TIMED_OUT);
    this.#socket?.destroy();
  }

  #record(how: ConnectionEnd): void {
    if (this.#recorded) return;
    this.#recorded = true;
    this.#journal.connectedClosed(this.#id, this.#bytes, how, encoded(this.#pod ?? ''));
  }

  #tell(failure: number | null): void {
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
    if (this.#told) return;
    this.#told = true;
    this.#onResult(failure);
  }
}
