import type { Hunted } from './hunt.ts';

interface Survivor {
  family: RegExp;
  mutation: RegExp;
  /** Only then. */
  where?: (h: Hunted) => boolean;
  reason: string;
}

/** Mutants that may live, and why the truth cannot tell them from a proxy that counts right. */
export const EXPLAINED: readonly Survivor[] = [
  {
    family: /_duration_seconds_bucket$/,
    mutation:
      /^(one request lost|one too many at the last scrape|stops moving|falls to zero|series missing|page delayed by a scrape|one in twenty latencies a bucket up)$/,
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
    mutation: /^(one request lost|one too many at the last scrape|counted twice|falls to zero)$/,
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
    family: /^outbound_http_route_backend_response_statuses_total$/,
    mutation: /^series missing$/,
    where: (h) => h.victim.labels.error === 'UNKNOWN',
    reason: 'a body that was cut when its caller had given up may have been counted as cut, or not at all',
  },
];
