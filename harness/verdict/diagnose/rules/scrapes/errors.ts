/** What Prometheus' error of a scrape says (Prometheus, scrape/scrape.go, model/textparse; Go's net/http and net). */
export type ScrapeFailure =
  | { kind: 'status'; status: number }
  | { kind: 'limit'; limit: string }
  | { kind: 'refused' }
  /** No connection came about. */
  | { kind: 'unreachable' }
  /** No answer, or not to its end, within the timeout. */
  | { kind: 'timeout' }
  /** It spoke TLS and got plain HTTP. */
  | { kind: 'plaintext' }
  /** It spoke plain HTTP and got TLS. */
  | { kind: 'tls' }
  /** The connection ended too early. */
  | { kind: 'broken' }
  /** The page is none. */
  | { kind: 'page' }
  | { kind: 'other' };

const PATTERNS: readonly { pattern: RegExp; failure: (match: RegExpExecArray) => ScrapeFailure }[] = [
  {
    pattern: /server returned HTTP status (\d{3})/,
    failure: ([, status]) => ({ kind: 'status', status: Number(status) }),
  },
  {
    pattern:
      /(body size limit|sample limit|histogram bucket limit|label_limit|label_name_length_limit|label_value_length_limit|target_limit) exceeded/,
    failure: ([, limit]) => ({ kind: 'limit', limit: limit! }),
  },
  { pattern: /connection refused/, failure: () => ({ kind: 'refused' }) },
  {
    pattern: /dial .*(?:i\/o timeout|no route to host|network is unreachable)/,
    failure: () => ({ kind: 'unreachable' }),
  },
  { pattern: /context deadline exceeded|i\/o timeout|Client\.Timeout exceeded/, failure: () => ({ kind: 'timeout' }) },
  {
    pattern: /server gave HTTP response to HTTPS client|first record does not look like a TLS handshake/,
    failure: () => ({ kind: 'plaintext' }),
  },
  {
    pattern: /malformed HTTP response "\\x1[4-7]\\x03|Client sent an HTTP request to an HTTPS server/,
    failure: () => ({ kind: 'tls' }),
  },
  {
    pattern:
      /while parsing|invalid metric type|expected text in|not a valid utf8 string|invalid metric name or label names|missing metric name|metric name not set|unsupported character in float|data does not end with/,
    failure: () => ({ kind: 'page' }),
  },
  {
    pattern: /unexpected EOF|connection reset by peer|broken pipe|\bEOF$|malformed HTTP/,
    failure: () => ({ kind: 'broken' }),
  },
];

export function failureOf(error: string): ScrapeFailure {
  for (const { pattern, failure } of PATTERNS) {
    const match = pattern.exec(error);
    if (match !== null) return failure(match);
  }
  return { kind: 'other' };
}
