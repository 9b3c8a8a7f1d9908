import { HarnessError } from '../core/errors.ts';

/** How to be let in by a Prometheus behind a proxy that wants to know who asks. Never printed, whatever goes wrong. */
export interface PrometheusAccess {
  /** Without `Bearer `; whitespace at its ends, as files have it, does not count. */
  bearerToken?: string;
  basicAuth?: { username: string; password: string };
  headers?: Record<string, string>;
  tls?: {
    /** PEM; instead of the system's own. */
    ca?: string;
    /** Of the client, PEM. */
    cert?: string;
    key?: string;
    /** Name on the server's certificate, where it is not the host of the URL. */
    serverName?: string;
    insecureSkipVerify?: boolean;
  };
}

/** An address without the secrets that may stand in it, the headers that go with each request, and what must not be printed. */
export interface Credentials {
  url: string;
  headers: Record<string, string>;
  /** Replaces what is secret in a text. */
  redact(text: string): string;
}

const HEADER_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;

/**
 * @param url may have a user and a password in it (`https://user:password@host`), as other tools take it
 * @throws HarnessError BAD_PROMETHEUS_ACCESS, which names the option and not its value
 */
export function credentialsOf(url: string, access: PrometheusAccess): Credentials {
  const { plain, inUrl } = withoutUser(url);
  const token = access.bearerToken?.trim();
  const basic = access.basicAuth ?? inUrl;
  if (token !== undefined && basic) throw bad('a bearer token and basic authentication exclude each other');
  const headers: Record<string, string> = { ...access.headers };
  const secrets = Object.values(headers);
  if (basic) {
    if (basic.username.includes(':')) throw bad('a user name for basic authentication has no colon');
    const encoded = Buffer.from(`${basic.username}:${basic.password}`).toString('base64');
    headers.authorization = `Basic ${encoded}`;
    secrets.push(basic.password, encoded);
  }
  if (token !== undefined) {
    if (token === '') throw bad('the bearer token is empty');
    headers.authorization = `Bearer ${token}`;
    secrets.push(token);
  }
  for (const [name, value] of Object.entries(headers)) {
    if (!/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name)) throw bad('a header has a name that no header can have');
    if (!HEADER_VALUE.test(value)) throw bad(`the value of header ${name} has characters that no header can have`);
  }
  return { url: plain.replace(/\/+$/, ''), headers, redact: redactor(secrets) };
}

function withoutUser(url: string): { plain: string; inUrl: PrometheusAccess['basicAuth'] } {
  let parsed: URL;
  try {
    parsed = new URL(url);
  } catch {
    return { plain: url, inUrl: undefined };
  }
  if (parsed.username === '' && parsed.password === '') return { plain: url, inUrl: undefined };
  const inUrl = { username: decodeURIComponent(parsed.username), password: decodeURIComponent(parsed.password) };
  parsed.username = '';
  parsed.password = '';
  return { plain: parsed.href, inUrl };
}

function redactor(secrets: readonly string[]): (text: string) => string {
  const known = [...new Set(secrets)].filter((secret) => secret !== '').sort((a, b) => b.length - a.length);
  return (text) => known.reduce((rest, secret) => rest.replaceAll(secret, '[secret]'), text);
}

function bad(message: string): HarnessError {
  return new HarnessError('BAD_PROMETHEUS_ACCESS', `access to Prometheus: ${message}`, {
    hint: 'check the token, the user, the password and the headers that were given',
    exitCode: 2,
  });
}
