import type { RequestShape } from '../../core/policy.ts';

/** Header lists are flat, `[name, value, ...]`, names in lower case: what node:http2 and node:http take without a copy. */
export type HeaderList = string[];

/** Headers of one connection (RFC 9110, 7.6.1); `expect` is answered hop by hop as well (the listener says 100). */
const HOP_BY_HOP = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'transfer-encoding',
  'upgrade',
  'http2-settings',
  'expect',
]);

export interface RequestHead {
  method: string;
  path: string;
  authority: string;
  headers: HeaderList;
  /** Declared length of the body; -1 when it is not known before. */
  contentLength: number;
}

/** A request head from HTTP/1.1 raw headers. */
export function fromHttp1(method: string, path: string, raw: string[]): RequestHead {
  const head: RequestHead = { method, path, authority: '', headers: [], contentLength: -1 };
  let named: string | null = null;
  for (let i = 0; i < raw.length; i += 2) {
    const name = raw[i]!.toLowerCase();
    const value = raw[i + 1]!;
    if (name === 'host') head.authority = value;
    else if (name === 'connection') named = value;
    else if (!HOP_BY_HOP.has(name) && (name !== 'te' || value === 'trailers')) {
      if (name === 'content-length') head.contentLength = Number(value);
      head.headers.push(name, value);
    }
  }
  if (named !== null) dropNamed(head.headers, named);
  if (path.charCodeAt(0) !== 0x2f && path.includes('://')) absoluteForm(head);
  return head;
}

/** A request head from HTTP/2 raw headers. */
export function fromHttp2(raw: readonly string[]): RequestHead {
  const head: RequestHead = { method: 'GET', path: '/', authority: '', headers: [], contentLength: -1 };
  for (let i = 0; i < raw.length; i += 2) {
    const name = raw[i]!;
    const value = raw[i + 1]!;
    if (name.charCodeAt(0) === 0x3a) {
      if (name === ':method') head.method = value;
      else if (name === ':path') head.path = value;
      else if (name === ':authority') head.authority = value;
    } else if (name === 'host') head.authority ||= value;
    else if (!HOP_BY_HOP.has(name)) {
      if (name === 'content-length') head.contentLength = Number(value);
      head.headers.push(name, value);
    }
  }
  return head;
}

/**
 * Response headers of a peer's proxy, from HTTP/2 raw headers, without pseudo-headers. A peer's own account of an error is
 * taken out, as linkerd2-proxy does (its HandleProxyErrorHeaders): the app learns of errors that its own proxy made, of
 * others only the status. What the peer asked for, that the app's connection be closed, is done all the same.
 */
export function responseFromPeer(raw: readonly string[], toHttp2: boolean): HeaderList {
  const headers: HeaderList = [];
  for (let i = 0; i < raw.length; i += 2) {
    const name = raw[i]!;
    if (name.charCodeAt(0) === 0x3a || HOP_BY_HOP.has(name) || name === 'l5d-proxy-error') continue;
    if (name === 'l5d-proxy-connection') {
      if (raw[i + 1] === 'close' && !toHttp2) headers.push('connection', 'close');
      continue;
    }
    headers.push(name, raw[i + 1]!);
  }
  return headers;
}

/** Response headers from undici's parsed headers (names in lower case already). */
export function responseFromHttp1(parsed: Record<string, string | string[] | undefined>): HeaderList {
  const headers: HeaderList = [];
  for (const name in parsed) {
    if (HOP_BY_HOP.has(name)) continue;
    const value = parsed[name];
    if (typeof value === 'string') headers.push(name, value);
    else if (value) for (const one of value) headers.push(name, one);
  }
  const named = parsed.connection;
  if (typeof named === 'string') dropNamed(headers, named);
  return headers;
}

export function headerValue(headers: HeaderList, name: string): string | undefined {
  for (let i = 0; i < headers.length; i += 2) if (headers[i] === name) return headers[i + 1];
  return undefined;
}

/** What routes are chosen by. */
export function requestShape({ method, path, headers }: RequestHead): RequestShape {
  const query = path.indexOf('?');
  return {
    method,
    path: query < 0 ? path : path.slice(0, query),
    header: (name) => headerValue(headers, name),
  };
}

/** The content type says so, whatever carries it. */
export function isGrpc(headers: HeaderList): boolean {
  return headerValue(headers, 'content-type')?.startsWith('application/grpc') ?? false;
}

/** Removes what a Connection header names, apart from its own keywords. */
function dropNamed(headers: HeaderList, connection: string): void {
  if (/^\s*(keep-alive|close)\s*$/i.test(connection)) return;
  const names = new Set(connection.split(',').map((name) => name.trim().toLowerCase()));
  for (let i = headers.length - 2; i >= 0; i -= 2) if (names.has(headers[i]!)) headers.splice(i, 2);
}

/** `GET http://web/x` (a client that thinks it speaks to a proxy): the URI's authority wins over Host. */
function absoluteForm(head: RequestHead): void {
  const url = URL.parse(head.path);
  if (!url) return;
  head.authority = url.host;
  head.path = url.pathname + url.search;
}
