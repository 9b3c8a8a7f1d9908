import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect,
  type IncomingHttpHeaders,
  type OutgoingHttpHeaders,
} from 'node:http2';
import { fill } from '../../behaviour/body.ts';
import { epochMs } from '../../clock.ts';
import { CALLER_HEADER, type Call, MESH_ERROR_HEADER, POD_HEADER } from '../../contract.ts';
import type { Journal } from '../../ledger/journal.ts';
import {
  authorityOf,
  type Callee,
  type CallObserver,
  CONNECTION_FAILED,
  MadeRequest,
  namesOf,
  padding,
  textOf,
} from '../call.ts';
import { type Address, type Egress, hostPort, type Kept, type Turn } from '../egress.ts';
import { PacedBody } from '../paced.ts';

/** A session to an address, opened when it is needed and kept until the other side ends it. */
class KeptSession implements Kept {
  readonly #origin: string;
  #session: ClientHttp2Session | null = null;

  constructor(address: Address) {
    this.#origin = `http://${hostPort(address)}`;
  }

  get(): ClientHttp2Session {
    if (!this.#session || this.#session.closed || this.#session.destroyed) this.#session = open(this.#origin);
    return this.#session;
  }

  destroy(): void {
    this.#session?.destroy();
  }
}

function open(origin: string): ClientHttp2Session {
  const session = connect(origin, { settings: { enablePush: false }, maxSessionMemory: 1000 });
  // Told to the streams, each for itself.
  session.on('error', () => {});
  return session;
}

/** A call over HTTP/2. */
export class H2Callee implements Callee {
  readonly #call: Call;
  readonly #egress: Egress;
  readonly #turn: Turn;
  readonly #kept: KeptSession[];
  readonly #journal: Journal;
  readonly #headers: OutgoingHttpHeaders;
  readonly #service: string;
  readonly #path: string;

  /** @param caller `namespace/workload` that calls */
  constructor(call: Call, caller: string, egress: Egress, journal: Journal) {
    this.#call = call;
    this.#egress = egress;
    this.#turn = egress.turnOf(call);
    this.#kept = this.#turn.addresses.map((to) => egress.keep(`h2 ${hostPort(to)}`, () => new KeptSession(to)));
    this.#journal = journal;
    this.#headers = {
      ':method': call.method,
      ':path': call.path,
      ':scheme': 'http',
      ':authority': authorityOf(call),
      [CALLER_HEADER]: caller,
    };
    if (call.requestBytes > 0) this.#headers['content-type'] = 'application/octet-stream';
    if (call.requestBytes > 0 && !paced(call)) this.#headers['content-length'] = String(call.requestBytes);
    const [name, value] = padding(call.headerBytes);
    if (name !== undefined) this.#headers[name] = value;
    const { service, path } = namesOf(call);
    this.#service = service;
    this.#path = path;
  }

  start(observer: CallObserver, index: number): void {
    const id = this.#journal.callStarted(this.#service, this.#call.method, this.#path);
    new H2Request(this.#journal, id, this.#call, observer, index).send(this.#headers, this.#session());
  }

  #session(): ClientHttp2Session {
    const next = this.#turn.next();
    if (!this.#call.ownConnection) return this.#kept[next]!.get();
    const session = open(`http://${hostPort(this.#turn.addresses[next]!)}`);
    const kept = { destroy: () => session.destroy() };
    this.#egress.track(kept);
    session.once('close', () => this.#egress.forget(kept));
    return session;
  }
}

class H2Request extends MadeRequest {
  readonly #call: Call;
  readonly #abort = new AbortController();
  #body: PacedBody | null = null;
  #headers: IncomingHttpHeaders = {};

  constructor(journal: Journal, id: number, call: Call, observer: CallObserver, index: number) {
    super(journal, id, call, observer, index);
    this.#call = call;
  }

  send(headers: OutgoingHttpHeaders, session: ClientHttp2Session): void {
    const { requestBytes, requestChunks = 1, requestOverMs = 0 } = this.#call;
    let stream: ClientHttp2Stream;
    try {
      stream = session.request(headers, { endStream: requestBytes === 0, signal: this.#abort.signal });
    } catch {
      this.giveUp('connection', CONNECTION_FAILED);
      return;
    }
    stream.on('error', () => {});
    stream.on('response', (received) => {
      this.status = Number(received[':status']);
      this.#headers = received;
    });
    stream.on('data', () => {
      this.firstByteMs ??= epochMs();
    });
    stream.on('end', () => this.#ended(stream));
    stream.on('close', () => {
      this.#body?.destroy();
      this.giveUp('connection', CONNECTION_FAILED);
      if (this.#call.ownConnection) session.close();
    });
    if (paced(this.#call)) {
      this.#body = new PacedBody(requestBytes, requestChunks, requestOverMs);
      this.#body.pipe(stream);
    } else if (requestBytes > 0) {
      stream.end(fill(requestBytes));
    }
  }

  protected cancel(): void {
    // RST_STREAM with CANCEL; close() would end the request before it.
    this.#abort.abort();
  }

  #ended(stream: ClientHttp2Stream): void {
    // Node ends the reading of streams that were reset, too; what follows is their close.
    if (stream.rstCode !== 0 || stream.aborted || this.status === 0) return;
    const failure = this.status >= 500 ? this.status : null;
    this.complete(textOf(this.#headers[POD_HEADER]), textOf(this.#headers[MESH_ERROR_HEADER]), failure);
  }
}

function paced(call: Call): boolean {
  return call.requestBytes > 0 && call.requestChunks !== undefined && call.requestChunks > 1;
}
