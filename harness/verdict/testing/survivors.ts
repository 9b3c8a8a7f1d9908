/** Mutants that may live, and why the truth cannot tell them from a proxy that counts right. */
export const EXPLAINED: readonly { family: RegExp; mutation: RegExp; reason: string }[] = [
  {
    family: /_bucket$/,
    mutation:
      /^(one request lost|one too many at the last scrape|stops moving|falls to zero|page delayed by a scrape|one in twenty latencies a bucket up)$/,
    reason:
      "a bucket lies between two clocks, the callee's and the caller's; what they leave open is open (the load generator's sees only the end of a response)",
  },
  {
    family: /_sum$/,
    mutation: /^(one request lost|one too many at the last scrape|counted twice|sum a quarter too large)$/,
    reason:
      'a sum lies between the sums of two clocks and between the edges of its own buckets; where answers were cut short only the edges bind',
  },
  {
    family: /^inbound_http_(requests_total|statuses_total|re(quest|sponse)_duration_seconds_count)$/,
    mutation: /^(one request lost|one too many at the last scrape|counted twice)$/,
    reason:
      'families without client labels count unmeshed requests too: as many as request_total shows may be among them',
  },
];
