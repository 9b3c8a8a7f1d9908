import type { Protocol, ResponseBody, RouteConfig } from '../../../sim-services/contract.ts';
import { formatSize } from '../../core/units.ts';
import type { Path } from '../error.ts';
import type { ResponseEntry } from '../schema/behaviour.ts';
import type { Context } from './context.ts';

const DEFAULT_STATUS = 200;
const DEFAULT_BODY: ResponseBody = { bytes: 64, chunks: 1, overMs: 0 };
const BODYLESS = [204, 205, 304];

/** A `response:` and where it stands. */
export interface PlacedResponse {
  entry: ResponseEntry | undefined;
  at: Path;
}

export interface Answering {
  protocol: Protocol;
  /** gRPC: the method answers with a stream. */
  streams: boolean;
  /** Another route of the service does, and what the service says of streams is meant for that. */
  othersStream: boolean;
}

type Answer = Pick<RouteConfig, 'status' | 'body' | 'headerBytes' | 'informational' | 'chunked'>;

/** Fields that mean nothing in a protocol, and why. */
const REFUSED: Record<Protocol, Partial<Record<keyof ResponseEntry, string>>> = {
  http: {},
  http2: {},
  grpc: {
    status: 'the HTTP status of gRPC is always 200',
    informational: 'gRPC has no informational answers',
    chunked: 'gRPC never announces the length of a body',
  },
  tcp: {
    status: 'TCP has no statuses',
    headerBytes: 'TCP has no headers',
    informational: 'TCP has no informational answers',
    chunked: 'TCP never announces the length of a body',
  },
};

/** What a route answers, its own fields before those of its service. */
export function toAnswer(service: PlacedResponse, route: PlacedResponse, how: Answering, context: Context): Answer {
  for (const placed of [service, route]) checkFields(placed, how, context);
  const unary = how.protocol === 'grpc' && !how.streams;
  const inherited: ResponseEntry = { ...service.entry };
  if (unary) {
    delete inherited.chunks;
    delete inherited.over;
  }
  const merged: ResponseEntry = { ...inherited, ...dropUndefined(route.entry ?? {}) };
  const status = how.protocol === 'http' || how.protocol === 'http2' ? (merged.status ?? DEFAULT_STATUS) : 200;
  const at = route.entry ? route.at : service.at;
  if (merged.chunked && BODYLESS.includes(status)) {
    context.report([...at, 'chunked'], `an answer with status ${status} has no body`, 'remove `chunked:`');
  }
  return {
    status,
    body: toBody(status, [merged], at, context),
    ...(merged.headerBytes ? { headerBytes: merged.headerBytes } : {}),
    ...(merged.informational ? { informational: merged.informational } : {}),
    ...(merged.chunked ? { chunked: true } : {}),
  };
}

function checkFields({ entry, at }: PlacedResponse, how: Answering, context: Context): void {
  if (!entry || !context.complete.protocols) return;
  for (const [field, why] of Object.entries(REFUSED[how.protocol])) {
    if (entry[field as keyof ResponseEntry] !== undefined) {
      context.report([...at, field], why, `remove \`${field}:\``);
    }
  }
  // What a service says of streams is meant for those of its methods that stream.
  const isOwn = at.includes('routes');
  if (how.protocol === 'grpc' && !how.streams && (isOwn || !how.othersStream)) checkUnary(entry, at, context);
}

/** Reports what only a stream can have. */
export function checkUnary(entry: Pick<ResponseEntry, 'chunks' | 'over'>, at: Path, context: Context): void {
  for (const field of ['chunks', 'over'] as const) {
    if (entry[field] === undefined || entry[field] === (field === 'chunks' ? 1 : 0)) continue;
    const hint = `remove \`${field}:\`, or use a method that \`returns (stream ...)\``;
    context.report([...at, field], 'a unary method answers with one message', hint);
  }
}

/** A body; the entries override each other from first to last, the last standing at `path`. */
export function toBody(
  status: number,
  entries: Pick<ResponseEntry, 'size' | 'chunks' | 'over'>[],
  path: Path,
  context: Context,
): ResponseBody {
  const merged = Object.assign({}, ...entries.map(dropUndefined)) as ResponseEntry;
  const noBody = BODYLESS.includes(status);
  const bytes = merged.size ?? (noBody ? 0 : DEFAULT_BODY.bytes);
  const chunks = merged.chunks ?? DEFAULT_BODY.chunks;
  const overMs = merged.over ?? DEFAULT_BODY.overMs;
  if (noBody && bytes > 0) {
    context.report(
      [...path, 'size'],
      `an answer with status ${status} has no body`,
      'remove `size:` or change `status:`',
    );
  }
  if (chunks > 1 && chunks > bytes) {
    context.report(
      [...path, 'chunks'],
      `${formatSize(bytes)} can't be written in ${chunks} chunks`,
      'write a bigger `size:`; each chunk has a byte at least',
    );
  }
  if (overMs > 0 && chunks < 2) {
    context.report([...path, 'over'], 'a body in one chunk is not written over a time', 'add `chunks: 2` or more');
  }
  return { bytes, chunks, overMs };
}

function dropUndefined(entry: object): object {
  return Object.fromEntries(Object.entries(entry).filter(([, value]) => value !== undefined));
}
