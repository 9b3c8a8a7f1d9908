import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';

/** Seconds; fine where Linkerd's own buckets are, so that the two can be laid side by side. */
const LATENCY_BUCKETS = [0.001, 0.002, 0.005, 0.01, 0.02, 0.03, 0.05, 0.1, 0.2, 0.3, 0.5, 1, 2, 5, 10];

/** The handles of one route, method and status, bound once so that a request costs no label look-up. */
export interface OutcomeMetrics {
  count(latencyMs: number): void;
}

let processRegistry: Registry | null = null;

/** Metrics of the process itself, one set however many pods it runs. */
function processMetrics(): Registry {
  if (!processRegistry) {
    processRegistry = new Registry();
    collectDefaultMetrics({ register: processRegistry, eventLoopMonitoringPrecision: 100 });
  }
  return processRegistry;
}

/** What a pod's app says of itself to Prometheus, apart from the mesh. */
export class PodMetrics {
  readonly #registry = new Registry();
  readonly #requests: Counter;
  readonly #latency: Histogram;
  readonly #outcomes = new Map<string, OutcomeMetrics>();

  /** @param inFlight read when scraped */
  constructor(inFlight: () => number) {
    const registers = [this.#registry];
    this.#requests = new Counter({
      name: 'app_requests_total',
      help: 'Requests that have ended, by route, method and status (0: no headers were sent).',
      labelNames: ['route', 'method', 'status'],
      registers,
    });
    this.#latency = new Histogram({
      name: 'app_request_duration_seconds',
      help: 'From the start of the handler, the wait for a place included, to the last write.',
      labelNames: ['route', 'method', 'status'],
      buckets: LATENCY_BUCKETS,
      registers,
    });
    new Gauge({
      name: 'app_requests_in_flight',
      help: 'Requests being handled, or waiting for a place.',
      registers,
      collect() {
        this.set(inFlight());
      },
    });
  }

  outcome(route: string, method: string, status: number): OutcomeMetrics {
    const key = `${status} ${method} ${route}`;
    let known = this.#outcomes.get(key);
    if (!known) {
      const labels = { route, method, status: String(status) };
      const requests = this.#requests.labels(labels);
      const latency = this.#latency.labels(labels);
      known = {
        count(latencyMs) {
          requests.inc();
          latency.observe(latencyMs / 1000);
        },
      };
      this.#outcomes.set(key, known);
    }
    return known;
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  async page(): Promise<string> {
    return await Registry.merge([this.#registry, processMetrics()]).metrics();
  }
}
