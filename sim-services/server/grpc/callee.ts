import { isIP } from 'node:net';
import {
  type ChannelOptions,
  Client,
  type ClientReadableStream,
  credentials,
  Metadata,
  type StatusObject,
} from '@grpc/grpc-js';
import { epochMs } from '../../clock.ts';
import { CALLER_HEADER, type Call, MESH_ERROR_HEADER, POD_HEADER } from '../../contract.ts';
import { type Journal, NO_TRAILERS } from '../../ledger/journal.ts';
import {
  authorityOf,
  type Callee,
  type CallObserver,
  CONNECTION_FAILED,
  MadeRequest,
  namesOf,
  PADDING_HEADER,
  padding,
  textOf,
} from '../call.ts';
import { type Address, type Egress, hostPort, type Kept, type Turn } from '../egress.ts';
import { encodeMessage } from './message.ts';
import { failureOf, readEnd } from './status.ts';

/** The library does nothing on its own that a count would show: no retries, no proxies, no configuration from DNS. */
function optionsOf(call: Call): ChannelOptions {
  return {
    'grpc.default_authority': authorityOf(call),
    'grpc.enable_retries': 0,
    'grpc.service_config_disable_resolution': 1,
    'grpc.enable_http_proxy': 0,
    // Otherwise channels of several pods of the process would share connections.
    'grpc.use_local_subchannel_pool': 1,
    'grpc.initial_reconnect_backoff_ms': 100,
    'grpc.max_reconnect_backoff_ms': 1000,
    'grpc.max_receive_message_length': -1,
    'grpc.max_send_message_length': -1,
  };
}

class Channel implements Kept {
  readonly client: Client;

  constructor(address: Address, call: Call) {
    const scheme = { 0: 'dns', 4: 'ipv4', 6: 'ipv6' }[isIP(address.host)] ?? 'dns';
    this.client = new Client(`${scheme}:${hostPort(address)}`, credentials.createInsecure(), optionsOf(call));
  }

  destroy(): void {
    this.client.close();
  }
}

/** A call of a gRPC method. Unary and streaming ones are the same here: what comes is read to its end. */
export class GrpcCallee implements Callee {
  readonly #call: Call;
  readonly #egress: Egress;
  readonly #turn: Turn;
  readonly #kept: Channel[];
  readonly #journal: Journal;
  readonly #message: Buffer;
  readonly #metadata = new Metadata();
  readonly #service: string;
  readonly #path: string;

  /** @param caller `namespace/workload` that calls */
  constructor(call: Call, caller: string, egress: Egress, journal: Journal) {
    this.#call = call;
    this.#egress = egress;
    this.#turn = egress.turnOf(call);
    // A channel has one authority, so it is the callee's as well as the address'.
    const key = (to: Address) => `grpc ${hostPort(to)} ${authorityOf(call)}`;
    this.#kept = call.ownConnection
      ? []
      : this.#turn.addresses.map((to) => egress.keep(key(to), () => new Channel(to, call)));
    this.#journal = journal;
    this.#message = encodeMessage(call.path, call.requestBytes);
    this.#metadata.set(CALLER_HEADER, caller);
    const [, text] = padding(call.headerBytes);
    if (text !== undefined) this.#metadata.set(PADDING_HEADER, text);
    const { service, path } = namesOf(call);
    this.#service = service;
    this.#path = path;
  }

  start(observer: CallObserver, index: number): void {
    const id = this.#journal.callStarted(this.#service, 'POST', this.#path);
    const request = new GrpcRequest(this.#journal, id, this.#call, observer, index);
    const next = this.#turn.next();
    if (!this.#call.ownConnection) {
      request.send(this.#kept[next]!.client, this.#message, this.#metadata, () => {});
      return;
    }
    const channel = new Channel(this.#turn.addresses[next]!, this.#call);
    this.#egress.track(channel);
    request.send(channel.client, this.#message, this.#metadata, () => {
      this.#egress.forget(channel);
      channel.destroy();
    });
  }
}

const same = (bytes: Buffer) => bytes;

class GrpcRequest extends MadeRequest {
  readonly #call: Call;
  #stream: ClientReadableStream<Buffer> | null = null;
  #headers: Metadata | null = null;
  #messages = 0;

  constructor(journal: Journal, id: number, call: Call, observer: CallObserver, index: number) {
    super(journal, id, call, observer, index);
    this.#call = call;
  }

  /** @param onEnd called when the library has done with the call, however it went */
  send(client: Client, message: Buffer, metadata: Metadata, onEnd: () => void): void {
    const stream = client.makeServerStreamRequest(this.#call.path, same, same, message, metadata, {});
    this.#stream = stream;
    stream.on('metadata', (headers) => {
      this.status = 200;
      this.#headers = headers;
    });
    stream.on('data', () => this.#received());
    stream.on('status', (status) => {
      this.#ended(status);
      onEnd();
    });
    // Told by the status, which comes always.
    stream.on('error', () => {});
  }

  protected cancel(): void {
    this.#stream?.cancel();
  }

  #received(): void {
    this.firstByteMs ??= epochMs();
    this.#messages += 1;
    // Enough is no failure.
    if (this.#messages === this.#call.cancelAfterMessages) this.giveUp('timeout', null);
  }

  #ended(status: StatusObject): void {
    const end = readEnd(status, this.#headers !== null);
    if (!end) {
      this.giveUp('connection', CONNECTION_FAILED);
      return;
    }
    this.status = end.status;
    const text = (name: string) => {
      const values = status.metadata.get(name);
      return textOf((values.length > 0 ? values : (this.#headers?.get(name) ?? [])).map(String));
    };
    const grpc = end.code === null ? NO_TRAILERS : String(end.code);
    this.complete(text(POD_HEADER), text(MESH_ERROR_HEADER), failureOf(end), grpc);
  }
}
