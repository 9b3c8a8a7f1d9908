import type { Call, CallStep } from '../../../sim-services/contract.ts';
import { formatSize } from '../../core/units.ts';
import type { Path } from '../error.ts';
import { authorityOf } from '../model.ts';
import type { CallEntry, CallsEntry } from '../schema/calls.ts';
import { type Catalogue, type CatalogueService, IMPLIED_METHOD } from './catalogue.ts';
import type { Context } from './context.ts';
import { streamsAt } from './routes.ts';

/** Bytes of a TCP request when nobody says. */
const TCP_REQUEST_BYTES = 64;

/** The calls of a route; `who` is the route as messages name it. */
export function toSteps(
  entries: CallsEntry,
  at: Path,
  who: string,
  owner: CatalogueService,
  catalogue: Catalogue,
  context: Context,
): CallStep[] {
  const resolve = (entry: CallEntry, path: Path) => toCall(entry, path, who, owner, catalogue, context) ?? [];
  return entries.map((entry, i) =>
    'parallel' in entry
      ? entry.parallel.flatMap((call, j) => resolve(call, [...at, i, 'parallel', j]))
      : [resolve(entry, [...at, i])].flat(),
  );
}

function toCall(
  entry: CallEntry,
  at: Path,
  who: string,
  owner: CatalogueService,
  catalogue: Catalogue,
  context: Context,
): Call | null {
  const callee = catalogue.resolve(entry.service, owner.namespace, [...at, 'service'], `${who} calls`);
  if (!callee) {
    checkRequestBody({ method: entry.method ?? 'GET', size: entry.size }, at, context);
    return null;
  }
  const { protocol } = callee;
  const method = IMPLIED_METHOD[protocol] ?? entry.method ?? 'GET';
  if (context.complete.protocols) checkFields(entry, at, callee, context);
  if (protocol === 'grpc' && entry.path === undefined) return null;
  const path = protocol === 'tcp' ? '/' : (entry.path ?? '/');
  const pieces = protocol === 'http' || protocol === 'http2' ? { chunks: entry.chunks, over: entry.over } : {};
  checkRequestBody({ method, size: entry.size, ...pieces }, at, context);
  if (!catalogue.route(callee, method, path, [...at, 'path'], `${who} calls`)) return null;
  if (protocol === 'grpc') checkGrpc(entry, path, callee, at, context);
  return {
    service: callee.id,
    authority: authorityOf(callee),
    port: callee.port,
    ...(protocol === 'http' ? {} : { protocol }),
    method,
    path,
    requestBytes: entry.size ?? (protocol === 'tcp' ? TCP_REQUEST_BYTES : 0),
    ...(entry.chunks && entry.chunks > 1 ? { requestChunks: entry.chunks, requestOverMs: entry.over ?? 0 } : {}),
    ...(entry.headerBytes ? { headerBytes: entry.headerBytes } : {}),
    ...(entry.connection === 'close' ? { ownConnection: true } : {}),
    ...(entry.cancelAfterMessages ? { cancelAfterMessages: entry.cancelAfterMessages } : {}),
    ...(entry.exchanges ? { exchanges: entry.exchanges } : {}),
    timeoutMs: entry.timeout === 'never' ? null : entry.timeout,
    onFailure: entry.onFailure,
  };
}

type Field = 'path' | 'method' | 'chunks' | 'over' | 'headerBytes' | 'connection' | 'cancelAfterMessages' | 'exchanges';

/** Fields that mean nothing when such a service is called, and why. */
const HTTP_REFUSES: Partial<Record<Field, string>> = {
  cancelAfterMessages: 'only streams of gRPC have messages',
  exchanges: 'only TCP connections have exchanges',
};
const REFUSED: Record<CatalogueService['protocol'], Partial<Record<Field, string>>> = {
  http: HTTP_REFUSES,
  http2: HTTP_REFUSES,
  grpc: {
    chunks: 'a gRPC request is one message',
    over: 'a gRPC request is one message',
    exchanges: 'only TCP connections have exchanges',
  },
  tcp: {
    path: 'a TCP service has no paths',
    method: 'a TCP service has no methods',
    chunks: 'a TCP request is written at once',
    over: 'a TCP request is written at once',
    headerBytes: 'a TCP request has no headers',
    connection: 'every call of a TCP service has a connection of its own',
    cancelAfterMessages: 'only streams of gRPC have messages',
  },
};

function checkFields(entry: CallEntry, at: Path, callee: CatalogueService, context: Context): void {
  for (const [field, why] of Object.entries(REFUSED[callee.protocol])) {
    if (entry[field as Field] === undefined) continue;
    const hint = `remove \`${field}:\`; ${callee.id} speaks ${callee.protocol}`;
    context.report([...at, field], why, hint);
  }
  if (callee.protocol === 'grpc') {
    if (entry.method && entry.method !== 'POST') {
      context.report([...at, 'method'], 'a gRPC request is always a POST', 'remove `method:`');
    }
    if (entry.path === undefined) {
      const paths = callee.routes.map(({ path }) => path);
      const hint = paths.length > 0 ? `write \`path: ${paths[0]}\`` : 'write `path: /package.Service/Method`';
      context.report(at, `the method of ${callee.id} is missing`, hint);
    }
  }
}

function checkGrpc(entry: CallEntry, path: string, callee: CatalogueService, at: Path, context: Context): void {
  if (entry.cancelAfterMessages && callee.proto && !streamsAt(callee, path)) {
    context.report(
      [...at, 'cancelAfterMessages'],
      `${path} answers with one message`,
      'remove `cancelAfterMessages:`, or call a method that `returns (stream ...)`',
    );
  }
}

interface RequestBody {
  method: string;
  size?: number | undefined;
  chunks?: number | undefined;
  over?: number | undefined;
}

/** Reports a body with a method that has none, and pieces that a body does not have. */
export function checkRequestBody(entry: RequestBody, at: Path, context: Context): void {
  if (entry.size && (entry.method === 'GET' || entry.method === 'HEAD')) {
    context.report([...at, 'size'], `a ${entry.method} request has no body`, 'remove `size:`, or write `method: POST`');
  }
  const chunks = entry.chunks ?? 1;
  if (chunks > 1 && chunks > (entry.size ?? 0)) {
    context.report(
      [...at, 'chunks'],
      `${formatSize(entry.size ?? 0)} can't be written in ${chunks} chunks`,
      'write a bigger `size:`; each chunk has a byte at least',
    );
  }
  if (entry.over && chunks < 2) {
    context.report([...at, 'over'], 'a body in one chunk is not written over a time', 'add `chunks: 2` or more');
  }
}
