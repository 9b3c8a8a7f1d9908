/** First bytes of an HTTP/2 connection with prior knowledge (RFC 9113, 3.4), as far as linkerd2-proxy compares them. */
const PREFACE = Buffer.from('PRI * HTTP/2.0');
/** `GET / HTTP/1.1`: what is shorter is not looked at. */
const SHORTEST = 14;

const CR = 13;
const LF = 10;
const SPACE = 32;

/**
 * What the first read of a connection says that it is, as linkerd2-proxy takes it: one read, however little it brought. As
 * with its parser, the beginning of a request line is HTTP/1 as long as nothing in it is wrong.
 */
export function httpOf(first: Buffer): 'http/1' | 'http/2' | 'not_http' {
  if (first.length < SHORTEST) return 'not_http';
  if (first.subarray(0, PREFACE.length).equals(PREFACE)) return 'http/2';
  return beginsRequest(first) ? 'http/1' : 'not_http';
}

/** Whether the bytes are a request line and what follows, or the beginning of one. */
function beginsRequest(bytes: Buffer): boolean {
  let at = 0;
  // Empty lines before a request are let pass.
  while (bytes[at] === CR || bytes[at] === LF) {
    if (bytes[at] === CR && at + 1 < bytes.length && bytes[at + 1] !== LF) return false;
    at++;
  }
  const method = span(bytes, at, isToken);
  if (method === bytes.length) return true;
  if (method === at || bytes[method] !== SPACE) return false;
  const target = span(bytes, method + 1, isVisible);
  if (target === bytes.length) return true;
  if (target === method + 1 || bytes[target] !== SPACE) return false;
  const rest = bytes.toString('latin1', target + 1, target + 11);
  return VERSIONS.some((version) => version.startsWith(rest) || rest.startsWith(version));
}

const VERSIONS = ['HTTP/1.1\r\n', 'HTTP/1.0\r\n', 'HTTP/1.1\n', 'HTTP/1.0\n'];

function span(bytes: Buffer, from: number, is: (byte: number) => boolean): number {
  let at = from;
  while (at < bytes.length && is(bytes[at]!)) at++;
  return at;
}

const TOKEN = new Set(Buffer.from("!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"));

function isToken(byte: number): boolean {
  return TOKEN.has(byte);
}

function isVisible(byte: number): boolean {
  return byte > SPACE && byte !== 127;
}
