/**
 * A small program in Prometheus' own pod that reads proxies' pages: what it asks leaves through the sidecar of that pod, with
 * the identity of Prometheus. Only so can pages be read that policies show to Prometheus alone; the API server, by way of
 * which the pages of other pods are read, comes without an identity.
 */
export const PAGE_READER = {
  port: 9902,
  /** GET, with `?instance=<host:port>`: that proxy's page; 502 with the reason when it can't be had. */
  page: '/page',
  /** GET: 200. */
  ready: '/ready',
} as const;

/** Its environment. */
export const PAGE_READER_ENV = {
  /** `host:port` of an HTTP proxy to ask by: the outbound side of a sidecar that can't see where a connection was going. */
  via: 'MESHPROOF_PAGES_VIA',
} as const;
