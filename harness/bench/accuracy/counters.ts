import { LATENCY_MS } from '../../mesh/profiles/label-groups.ts';
import type { Stream } from './traffic.ts';

type Labels = Record<string, string>;

/** What a scrape reads of one series. */
export interface Read {
  /** The same object for the same series. */
  labels: Labels;
  value: number;
}

/** As Linkerd's proxies label what they serve over plain HTTP routes (facts, section 1.1). */
const INBOUND: Labels = {
  direction: 'inbound',
  target_addr: '10.42.0.17:8080',
  target_ip: '10.42.0.17',
  target_port: '8080',
  tls: 'true',
  client_id: 'default.shop.serviceaccount.identity.linkerd.cluster.local',
  srv_kind: 'default',
  srv_name: 'all-unauthenticated',
  srv_port: '8080',
  route_kind: 'default',
  route_name: 'default',
};

class Responses {
  count = 0;
  readonly #buckets = new Float64Array(LATENCY_MS.length + 1);
  #sum = 0;
  readonly #total: Labels;
  readonly #bucketLabels: Labels[];
  readonly #countLabels: Labels;
  readonly #sumLabels: Labels;

  constructor(target: Labels, status: string, classification: string) {
    const labels = { ...target, ...INBOUND, status_code: status };
    this.#total = { __name__: 'response_total', ...labels, classification };
    this.#bucketLabels = [...LATENCY_MS.map(String), '+Inf'].map((le) => ({
      __name__: 'response_latency_ms_bucket',
      ...labels,
      le,
    }));
    this.#countLabels = { __name__: 'response_latency_ms_count', ...labels };
    this.#sumLabels = { __name__: 'response_latency_ms_sum', ...labels };
  }

  add(latencyMs: number): void {
    const whole = Math.floor(latencyMs);
    const at = LATENCY_MS.findIndex((bound) => whole <= bound);
    this.#buckets[at < 0 ? LATENCY_MS.length : at]! += 1;
    this.#sum += whole;
    this.count += 1;
  }

  reset(): void {
    this.count = 0;
    this.#sum = 0;
    this.#buckets.fill(0);
  }

  /** A series is there from its first response on. */
  *read(): Generator<Read> {
    if (this.count === 0) return;
    yield { labels: this.#total, value: this.count };
    let cumulative = 0;
    for (const [i, labels] of this.#bucketLabels.entries()) {
      cumulative += this.#buckets[i]!;
      yield { labels, value: cumulative };
    }
    yield { labels: this.#countLabels, value: this.count };
    yield { labels: this.#sumLabels, value: this.#sum };
  }
}

/**
 * The counters of a proxy before which a stream passes: response_total and response_latency_ms, whose latencies are truncated to
 * whole milliseconds before they are counted (facts, section 1.1). Time only moves on.
 */
export class Counters {
  readonly #stream: Stream;
  readonly #ok: Responses;
  readonly #failed: Responses;
  #next = 0;
  #restarted = 0;

  /** @param target labels that Prometheus gives the pod: namespace, deployment, job, ... */
  constructor(stream: Stream, target: Labels) {
    this.#stream = stream;
    this.#ok = new Responses(target, '200', 'success');
    this.#failed = new Responses(target, '503', 'failure');
  }

  /** What a scrape at that time reads; null: the pod is down. @param ms not before that of the last call */
  at(ms: number): Read[] | null {
    const { restarts } = this.#stream;
    for (; restarts[this.#restarted] && restarts[this.#restarted]!.atMs <= ms; this.#restarted += 1) {
      this.#count(restarts[this.#restarted]!.atMs);
      this.#ok.reset();
      this.#failed.reset();
    }
    const last = restarts[this.#restarted - 1];
    if (last && ms < last.atMs + last.downMs) return null;
    this.#count(ms);
    return [...this.#ok.read(), ...this.#failed.read()];
  }

  #count(untilMs: number): void {
    const { times, latencies, failed } = this.#stream;
    for (; this.#next < times.length && times[this.#next]! <= untilMs; this.#next += 1) {
      (failed[this.#next] === 1 ? this.#failed : this.#ok).add(latencies[this.#next]!);
    }
  }
}
