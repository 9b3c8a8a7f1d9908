import type { Hunted } from './hunt.ts';

interface Survivor {
  family: RegExp;
  mutation: RegExp;
  /** Only then. */
  where?: (h: Hunted) => boolean;
  reason: string;
}

/** Mutants that may live, and why the truth cannot tell them from a proxy that counts right. */
const EXPLAINED: readonly Survivor[] = [
  {
    family: /_duration_seconds_bucket$/,
    mutation:
      /^(one request lost|one too many at the last scrape|stops moving|falls to zero|series missing|counted twice|page delayed by a scrape|one in twenty latencies a bucket up)$/,
    reason:
      "a bucket lies between two clocks, the callee's and the caller's; what they leave open is open (the load generator's sees only the end of a response)",
  },
  {
    family: /^response_latency_ms_bucket$/,
    mutation: /^(one in twenty latencies a bucket up|one too many at the last scrape)$/,
    reason: "a latency between the callee's and the caller's clock may lie on either side of an edge",
  },
  {
    family: /_sum$/,
    mutation: /^(one request lost|one too many at the last scrape|counted twice|sum a quarter too large)$/,
    reason:
      'a sum lies between the sums of two clocks and between the edges of its own buckets; where answers were cut short only the edges bind',
  },
  {
    family: /^inbound_http_(requests_total|statuses_total|re(quest|sponse)_duration_seconds_count)$/,
    mutation: /^(one request lost|one too many at the last scrape|counted twice|falls to zero|one status swapped)$/,
    where: (h) => h.plain,
    reason:
      'families without client labels count plaintext requests too: as many as request_total shows may be among them',
  },
  {
    family: /^response_latency_ms_(bucket|sum)$/,
    mutation: /^also counted as no_identity$/,
    where: (h) => h.plain,
    reason: 'callers in plaintext keep no journal: how long their requests took is known from below only',
  },
  {
    family: /^response_latency_ms_(bucket|count|sum)$/,
    mutation: /^also counted as no_identity$/,
    where: (h) => /^5/.test(h.victim.labels.status_code ?? ''),
    reason:
      "a 5xx may have been the sidecar's own answer to a caller in plaintext, and then nobody keeps a journal of it",
  },
  {
    family: /./,
    mutation: /^also counted as no_identity$/,
    reason:
      'until a proxy has heard of its policy, probes may count on the default route, and they go on when journals have been read; who is refused in plaintext keeps no journal',
  },
  {
    family: /^(?!request_total|response_total)/,
    mutation: /^(one request lost|one too many at the last scrape|counted twice|one status swapped)$/,
    where: (h) => h.gaveUp,
    reason: 'a request that its caller gave up may have been counted or not, and by which end',
  },
  {
    family: /^route_response_latency_ms_bucket$/,
    mutation: /^(one request lost|one too many at the last scrape|one in twenty latencies a bucket up)$/,
    reason: 'how long a request took above its retries is known by its caller alone, and so from above only',
  },
  {
    family: /_retry_successes_total$/,
    mutation: /^(one request lost|one too many at the last scrape|counted twice|series missing|stops moving)$/,
    reason: 'journals of callees name no request: how many retries each took is known for all together only',
  },
  {
    family: /_retry_limit_exceeded_total$/,
    mutation: /^(stops moving|series missing|one request lost|one too many at the last scrape|counted twice)$/,
    reason: 'a last answer that the mesh made may have been an attempt like any, or the end of all',
  },
  {
    family: /^outbound_http_route_backend_response_statuses_total$/,
    mutation: /^series missing$/,
    where: (h) => h.victim.labels.error === 'UNKNOWN',
    reason: 'a body that was cut when its caller had given up may have been counted as cut, or not at all',
  },
];

/** Why a mutant may live; undefined: it may not. */
export function explanation(h: Hunted): string | undefined {
  return EXPLAINED.find((e) => e.family.test(h.family) && e.mutation.test(h.mutation) && (e.where?.(h) ?? true))
    ?.reason;
}
