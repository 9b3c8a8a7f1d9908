/** A file of this machine could not be written; everything else that goes wrong in a download is the other side's. */
export class StoreError extends Error {}

const UNTRUSTED = 'its certificate is not trusted here; NODE_EXTRA_CA_CERTS names a file of further authorities';

const WORDS: Record<string, string> = {
  ENOTFOUND: 'its name is not known here; behind a proxy or without a network see docs/air-gapped.md',
  EAI_AGAIN: 'its name could not be looked up; behind a proxy or without a network see docs/air-gapped.md',
  ECONNREFUSED: 'nobody listens there',
  ECONNRESET: 'the connection was cut',
  EPIPE: 'the connection was cut',
  UND_ERR_SOCKET: 'the connection was cut',
  ENETUNREACH: 'there is no way to it',
  EHOSTUNREACH: 'there is no way to it',
  ETIMEDOUT: 'it does not answer',
  UND_ERR_CONNECT_TIMEOUT: 'it does not answer',
  UND_ERR_HEADERS_TIMEOUT: 'it does not answer',
  UND_ERR_BODY_TIMEOUT: 'it went silent',
  ENOENT: 'there is no such file',
  EISDIR: 'it is a folder',
  EACCES: 'it may not be read',
  ENOSPC: 'there is no space left',
  EDQUOT: 'there is no space left',
  EROFS: 'nothing can be written there',
  SELF_SIGNED_CERT_IN_CHAIN: UNTRUSTED,
  DEPTH_ZERO_SELF_SIGNED_CERT: UNTRUSTED,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: UNTRUSTED,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: UNTRUSTED,
};

/** What happened, in a line, with the system's own code: fetch hides it below "fetch failed". */
export function reason(error: unknown): string {
  const all = causes(error);
  const refused = all.map(({ message }) => refusalOfProxy(message)).find((text) => text !== null);
  if (refused) return refused;
  const known = all.find(({ code }) => code !== undefined && Object.hasOwn(WORDS, code));
  if (known) return `${WORDS[known.code!]} (${known.code})`;
  const last = all.at(-1)!;
  return last.code ?? last.message;
}

/** As undici says it. */
function refusalOfProxy(message: string): string | null {
  const status = message.match(/^Proxy response \((\d+)\)/)?.[1] ?? (/\(407\)/.test(message) ? '407' : null);
  if (status === null) return null;
  const asks = status === '407' ? '; it wants a user and a password: http://user:password@proxy' : '';
  return `the proxy of HTTPS_PROXY refuses it with status ${status}${asks}`;
}

/** An error and what is below it. */
function causes(error: unknown): NodeJS.ErrnoException[] {
  const list: NodeJS.ErrnoException[] = [];
  for (let at = error; at instanceof Error && list.length < 8; at = at.cause ?? firstOf(at)) list.push(at);
  return list.length > 0 ? list : [new Error(String(error))];
}

/** Of a name with several addresses, each of which failed. */
function firstOf(error: Error): unknown {
  return error instanceof AggregateError ? error.errors[0] : undefined;
}
