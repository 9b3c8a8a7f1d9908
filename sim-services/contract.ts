/**
 * What a synthetic service is told and what it writes down. This file imports nothing, so that the harness, the services
 * and any other reader of the ledger share one definition.
 *
 * Units stand in the names: Ms is milliseconds, Bytes is bytes, a `rate` is a probability from 0 to 1.
 */

/** Header by which a caller names itself: its workload as `namespace/service`. The truth ledger keys callers by it. */
export const CALLER_HEADER = 'x-meshproof-caller';
/** Response header by which a service names the pod that answered. */
export const POD_HEADER = 'x-meshproof-pod';
/** Header that Linkerd puts on responses it made itself (502, 503, 504, ...); its text is the error. */
export const MESH_ERROR_HEADER = 'l5d-proxy-error';

/** How long a handler takes before the first body byte, apart from the calls it makes. */
export type Distribution =
  | { kind: 'constant'; ms: number }
  | { kind: 'uniform'; minMs: number; maxMs: number }
  | { kind: 'normal'; meanMs: number; stddevMs: number }
  /** Given by two quantiles, e.g. p50 and p99; `q` from 0 to 1, exclusive. */
  | { kind: 'lognormal'; low: { q: number; ms: number }; high: { q: number; ms: number } }
  /** A share `slowRate` of requests follows `slow`, the others `fast`. */
  | { kind: 'bimodal'; fast: Distribution; slow: Distribution; slowRate: number }
  /** Piecewise linear between the given quantiles, ascending in q and ms; the first is q=0, the last q=1. */
  | { kind: 'empirical'; quantiles: { q: number; ms: number }[] };

/** One way to fail. At most one rule applies to a request; the rates of a list add up to 1 at most. */
export type ErrorRule =
  | { kind: 'status'; status: number; rate: number }
  /** Accept the request and never answer; ends when the caller gives up. */
  | { kind: 'hang'; rate: number }
  /** Destroy the connection: before the headers, or after part of the body. */
  | { kind: 'reset'; rate: number; when: 'before-headers' | 'mid-body' }
  /** Close the connection in order (FIN), without an answer, as an app does that crashes. */
  | { kind: 'close'; rate: number }
  /** gRPC: end with this code, 1 to 16. */
  | { kind: 'grpc'; code: number; rate: number }
  /** gRPC: end the stream without trailers, after the first message. */
  | { kind: 'no-trailers'; rate: number };

/** The body of a response: `bytes` in `chunks` pieces; the last piece is written `overMs` after the first. */
export interface ResponseBody {
  bytes: number;
  chunks: number;
  overMs: number;
}

/** What a service speaks. `http` is HTTP/1.1, `http2` HTTP/2 in the clear with prior knowledge, `tcp` the protocol of TCP_PREAMBLE. */
export type Protocol = 'http' | 'http2' | 'grpc' | 'tcp';

/** A call to another service. `authority` is the name that is dialled, e.g. `cart.shop.svc.cluster.local`. */
export interface Call {
  /** Callee as `namespace/service`. */
  service: string;
  authority: string;
  port: number;
  /** What the callee speaks; absent: `http`. */
  protocol?: Protocol;
  /** gRPC: `POST`. TCP: `CONNECT`, and the path is `/`. */
  method: HttpMethod | 'CONNECT';
  path: string;
  /** Bytes of request body; 0 for none. gRPC: of the message's padding. */
  requestBytes: number;
  /** The request body is written in so many pieces, the last one this long after the first; absent: at once. */
  requestChunks?: number;
  requestOverMs?: number;
  /** Bytes of a further header; absent: 0. */
  headerBytes?: number;
  /** A connection of its own, closed afterwards (HTTP: with `connection: close`); absent: kept and used again. */
  ownConnection?: boolean;
  /** gRPC: give up after so many messages have come; absent: take them all. */
  cancelAfterMessages?: number;
  /** TCP: exchanges of request and answer on the one connection; absent: 1. */
  exchanges?: number;
  /** TCP: the callee greets first, so nothing is written before it has. */
  serverSpeaksFirst?: boolean;
  /** The caller gives up after this long; null for never. */
  timeoutMs: number | null;
  /** What the caller answers when the call fails (5xx, no answer): its own failure, or nothing happened. */
  onFailure: 'propagate' | 'ignore';
}

/** Steps run one after the other; the calls within a step run at the same time. */
export type CallStep = Call[];

export type HttpMethod = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE' | 'HEAD';

/** What may be changed by the timeline. */
export interface Behaviour {
  latency: Distribution;
  errors: ErrorRule[];
  body: ResponseBody;
}

export interface RouteConfig extends Behaviour {
  /** null: every method. gRPC: `POST`. TCP: `CONNECT`. */
  method: HttpMethod | 'CONNECT' | null;
  /** An exact path, `/` with the rest; the truth ledger names routes by it. gRPC: `/package.Service/Method`. TCP: `/`. */
  path: string;
  /** Status of an answer that is not an error; of gRPC 200. */
  status: number;
  /** gRPC: the method streams; every chunk of the body is a message. */
  streams?: boolean;
  /** Bytes of a further response header; absent: 0. */
  headerBytes?: number;
  /** An informational response that goes before the answer: 100, 102 or 103; absent: none. */
  informational?: number;
  /** The body's length is not announced (HTTP/1.1: chunked); absent: it is. */
  chunked?: boolean;
  steps: CallStep[];
}

/** From `atMs` to `untilMs` after the origin of the run, `change` replaces what the route says. null: to the end. */
export interface TimelineChange {
  atMs: number;
  untilMs: number | null;
  /** null: every route of the service. */
  path: string | null;
  method: HttpMethod | null;
  change: Partial<Behaviour>;
}

export interface PodConfig {
  /** e.g. `cart-664f644f88-4lkzv`. In a Kubernetes pod SERVICE_ENV.podName goes before it. */
  pod: string;
  /** 0-based. In a Kubernetes pod SERVICE_ENV.replica, or else a number made of the pod's name, goes before it. */
  replica: number;
  /** Address the app listens on. Port 0 is not allowed: the mesh must know it. */
  listen: { host: string; port: number };
  /** Where truth, metrics and control are served; not part of the mesh. */
  admin: { host: string; port: number };
  /** Where outgoing connections go whatever authority is called (the pod's outbound proxy); null: resolve the name. */
  egress: { host: string; port: number } | null;
  /**
   * Where connections to an `authority:port` go instead, in turn; goes before `egress`. For what no proxy can choose by the
   * Host header: TCP, opaque ports, ports that outbound proxies skip.
   */
  egressOf?: Record<string, { host: string; port: number }[]>;
  /** HTTP/1.1: a new connection to a callee says nothing for so long after it was made, ms; absent: the request follows at once. */
  speaksAfterMs?: number;
  /** Folder of the pod's journals; one file an incarnation. Must exist. */
  journalDir: string;
  /**
   * Names this incarnation of the pod, unique among the incarnations of the pod, e.g. `0`, `1`. AUTO_INCARNATION: the number
   * of journals that are in `journalDir` already, and the origin is kept there for the next incarnation.
   */
  incarnation: string;
}

/** For whoever is started again by somebody that knows nothing of incarnations, as a kubelet does. */
export const AUTO_INCARNATION = 'auto';

/** Environment of a service process. */
export const SERVICE_ENV = {
  /** File with a ServiceProcessConfig. */
  config: 'MESHPROOF_SERVICE_CONFIG',
  /** Name of the pod that the process is, from the downward API. The configuration has one pod then, the template of all. */
  podName: 'MESHPROOF_POD_NAME',
  /** Its replica, 0-based, where somebody numbers them; only with podName. */
  replica: 'MESHPROOF_REPLICA',
} as const;

/** The one configuration of a service process, as JSON in the file named by SERVICE_ENV.config. */
export interface ServiceProcessConfig {
  workloads: WorkloadConfig[];
}

export interface WorkloadConfig {
  namespace: string;
  name: string;
  /** Seed of the workload; every pod and route derives its own generator from it. */
  seed: number;
  routes: RouteConfig[];
  timeline: TimelineChange[];
  /** Absent: `http`. */
  protocol?: Protocol;
  /** TCP: the server greets before the client says anything. */
  serverSpeaksFirst?: boolean;
  /**
   * Requests that each pod handles at the same time, its calls to others included; further ones wait in line, first come, first
   * served, and their latency has the wait in it. A place is free when the last write of an answer is about to be made, or the
   * request is aborted. Probes and unknown paths need none. Not for TCP. Absent: any number.
   */
  concurrency?: number;
  pods: PodConfig[];
}

/**
 * TCP: what a client writes first, a line of text: `TCP_PREAMBLE <caller namespace/service> <requestBytes> <exchanges>\n`.
 * Then, `exchanges` times: the client writes `requestBytes`, the server waits its latency and writes the route's body behind a
 * line with its length in bytes. The server that speaks first has greeted with `TCP_GREETING <pod>\n`; one that does not begins
 * its first answer with it. After the last answer the client closes.
 */
export const TCP_PREAMBLE = 'MESHPROOF';
export const TCP_GREETING = '220';

/**
 * `POST /control/origin` on the admin port: when the timeline's zero is, in epoch ms (may be in the future). With
 * AUTO_INCARNATION it is on the disk before the answer, as `origin.json` beside the journals.
 */
export interface OriginRequest {
  originEpochMs: number;
}

/**
 * The journal: the truth ledger as it is written, one line a moment, fields separated by commas, appended by write(2)
 * before the moment has an effect that another process can see, so that SIGKILL loses none that anyone knows of.
 * Times are epoch milliseconds with three decimals. Text fields are percent-encoded (encodeURIComponent).
 *
 *   H,<version>,<namespace/workload>,<pod>,<incarnation>,<t>                     first line
 *   callee's side (requests this pod served; probes have the caller `-`):
 *   S,<id>,<t>,<caller>,<method>,<route>        the request (its body read) has reached the handler, where it may wait for a place (concurrency)
 *   B,<id>,<t>,<status>                         first body byte is about to be written, when the body comes in pieces
 *   E,<id>,<t>,<status>,<tFirstByte>,<grpc>     the last write is about to be made; completed. grpc: empty for HTTP, the code, `-` without trailers
 *   X,<id>,<t>,<reason>,<status>                aborted: `client-gone` | `reset` | `closed` (in order, without an answer) | `reset-mid-body`; status 0 before headers
 *   caller's side (requests this pod made):
 *   s,<id>,<t>,<callee namespace/service>,<method>,<route>    about to be sent
 *   e,<id>,<t>,<status>,<tFirstByte>,<pod>,<meshError>,<grpc> last byte read; pod and meshError may be empty (no pod: a proxy answered); tFirstByte is
 *                                                             when the first body byte (or, with no body, the end) was read
 *   x,<id>,<t>,<reason>,<status>                              gave up: `timeout` (or had enough messages) | `connection`; status 0 before headers
 *   TCP, both sides (bytes as the socket's user counts them):
 *   O,<id>,<t>                                  the callee has accepted a connection
 *   C,<id>,<t>,<caller>,<read>,<written>,<how>  it is closed: how is `closed` (in order) or `reset`; caller `-` when it did not say
 *   o,<id>,<t>,<callee namespace/service>       the caller is about to connect
 *   c,<id>,<t>,<read>,<written>,<how>,<pod>     it is closed: `closed`, `reset`, `refused` (never open), `timeout` (given up); pod as greeted, or empty
 *   Z,<t>                                                     clean end
 *
 * `id` is unique in a journal's side. A start without an end was in flight when the journal ended. A kill may cut the last
 * line off; `/truth` ends such a line with `%`, which no whole line ends with.
 */
export const JOURNAL_VERSION = 2;

/** Ports and paths of a service. Of `http` and `http2` on the app's port; on the admin port of every service, for probes past the mesh. */
export const APP_PATHS = { health: '/healthz', ready: '/readyz' } as const;
export const ADMIN_PATHS = {
  /** GET: every journal of the pod, this incarnation's last, concatenated (each begins with its H line). */
  truth: '/truth',
  /** GET: prom-client metrics of the app. */
  metrics: '/metrics',
  /** POST OriginRequest. */
  origin: '/control/origin',
  /** GET `{ nowEpochMs: number }`: the process' clock, as its stamps are taken. */
  clock: '/clock',
} as const;
