import { seededRandom } from '../../mesh/proxy/random.ts';

/** Responses of one pod, exactly known: the truth that queries are compared with. Times are ms from the stream's zero. */
export interface Stream {
  /** As reports call it. */
  name: string;
  /** When responses ended, ascending. */
  times: Float64Array;
  /** Of each, ms. */
  latencies: Float64Array;
  /** 1: 503. */
  failed: Uint8Array;
  /** While it is down the pod answers nothing; when it is back its counters begin at zero. */
  restarts: readonly { atMs: number; downMs: number }[];
}

/** What the traffic of a pod is like; all of it may change with time. */
export interface TrafficKind {
  name: string;
  /** Requests per second at a time. */
  rate(ms: number): number;
  /** An upper bound of `rate`. */
  peak: number;
  /** Share of them that fails. */
  failing?(ms: number): number;
  /** Factor of the latency. */
  slowness?(ms: number): number;
  restartEveryMs?: number;
}

const MINUTE = 60_000;
const PERIOD = 10 * MINUTE;
const RATE = 40;
/** Of healthy traffic. */
const FAILING = 0.005;
/** Latency: the median, ms, and how far its logarithm spreads. */
const MEDIAN_MS = 18;
const SPREAD = 0.6;
const DOWN_MS = 3_000;

/** Whether a time lies within `length` of some moment of each period, so that it meets all phases of a scrape. */
const within = (ms: number, at: number, length: number) => {
  const phase = (ms + PERIOD - at) % PERIOD;
  return phase < length;
};

/** The kinds of traffic that accuracy is measured with. @param random of the bursts */
export function kindsOfTraffic(random: () => number, spanMs: number): TrafficKind[] {
  const bursts = burstsOf(random, spanMs);
  return [
    { name: 'steady, 40/s', rate: () => RATE, peak: RATE },
    { name: 'bursts of 5 s', rate: (ms) => (bursts(ms) ? 5 * RATE : 1), peak: 5 * RATE },
    {
      name: 'failures for 30 s',
      rate: () => RATE,
      peak: RATE,
      failing: (ms) => (within(ms, 3 * MINUTE, 30_000) ? 0.5 : FAILING),
    },
    {
      name: 'slow for 60 s',
      rate: () => RATE,
      peak: RATE,
      slowness: (ms) => (within(ms, 3 * MINUTE, MINUTE) ? 10 : 1),
    },
    { name: 'low, 0.2/s', rate: () => 0.2, peak: 0.2 },
    { name: 'restart of the pod', rate: () => RATE, peak: RATE, restartEveryMs: PERIOD },
  ];
}

/** Five seconds of traffic, with pauses of half a minute on average. */
function burstsOf(random: () => number, spanMs: number): (ms: number) => boolean {
  const starts: number[] = [];
  for (let at = 0; at < spanMs; at += 5_000 - 30_000 * Math.log(1 - random())) starts.push(at);
  let next = 0;
  // Times are asked for in ascending order, over and over: where one goes back, the search starts anew.
  return (ms) => {
    if (next > 0 && starts[next - 1]! > ms) next = 0;
    while (next < starts.length && starts[next]! <= ms) next += 1;
    return next > 0 && ms - starts[next - 1]! < 5_000;
  };
}

/** A Poisson stream of that kind, by thinning; the same for the same seed. */
export function streamOf(kind: TrafficKind, spanMs: number, seed: number): Stream {
  const random = seededRandom(`${seed} ${kind.name}`);
  const restarts: Stream['restarts'] = restartsOf(kind, spanMs, random);
  const down = (ms: number) => restarts.some(({ atMs, downMs }) => ms >= atMs && ms < atMs + downMs);
  const times: number[] = [];
  const latencies: number[] = [];
  const failed: number[] = [];
  for (let ms = 0; ; ) {
    ms -= (Math.log(1 - random()) / kind.peak) * 1000;
    if (ms >= spanMs) break;
    if (random() * kind.peak >= kind.rate(ms) || down(ms)) continue;
    times.push(ms);
    failed.push(random() < (kind.failing?.(ms) ?? FAILING) ? 1 : 0);
    latencies.push(MEDIAN_MS * Math.exp(SPREAD * gaussian(random)) * (kind.slowness?.(ms) ?? 1));
  }
  return {
    name: kind.name,
    times: Float64Array.from(times),
    latencies: Float64Array.from(latencies),
    failed: Uint8Array.from(failed),
    restarts,
  };
}

function restartsOf({ restartEveryMs }: TrafficKind, spanMs: number, random: () => number): Stream['restarts'] {
  if (restartEveryMs === undefined) return [];
  const restarts = [];
  for (let at = restartEveryMs / 2; at < spanMs; at += restartEveryMs) {
    restarts.push({ atMs: at + random() * MINUTE, downMs: DOWN_MS });
  }
  return restarts;
}

/** Box and Muller's. */
function gaussian(random: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}
