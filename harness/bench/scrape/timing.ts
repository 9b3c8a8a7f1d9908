/** Prometheus takes over targets each five seconds, after discovery has gathered them for as long. */
export const DISCOVERY_MS = 10_000;

/** Between the first scrape of each target and what is measured. */
export const WARM_UP_INTERVALS = 2;
