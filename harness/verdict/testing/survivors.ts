/** Mutants that may live, and why the truth cannot tell them from a proxy that counts right. */
export const EXPLAINED: readonly { family: RegExp; mutation: RegExp; reason: string }[] = [
  {
    family: /_bucket$/,
    mutation: /.*/,
    reason:
      "a bucket lies between two clocks, the callee's and the caller's; what they leave open is open (the load generator's sees only the end of a response)",
  },
  {
    family: /_sum$/,
    mutation: /.*/,
    reason:
      'a sum lies between the sums of two clocks and between the edges of its own buckets; where answers were cut short only the edges bind',
  },
  {
    family: /^response_total$|_statuses_total$/,
    mutation: /^(one status swapped|classification swapped)$/,
    reason: 'the mesh answered, or callers gave up, meanwhile: which status the sidecar saw is known to it alone',
  },
  {
    family: /^inbound_http_(requests_total|statuses_total|re(quest|sponse)_duration_seconds_count)$/,
    mutation: /.*/,
    reason:
      'families without client labels count unmeshed requests too: as many as request_total shows may be among them',
  },
];
