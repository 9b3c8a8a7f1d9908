import { Counter, collectDefaultMetrics, Gauge, Histogram, type Registry } from 'prom-client';

/** What the components tell about the mesh, read when a page is asked for. */
export interface ControlPlaneFacts {
  /** Pods that are ready, by service. */
  endpoints(): { namespace: string; service: string; pods: number }[];
  issuerTtlSeconds(): number;
  /** Pods that the injector was asked about. */
  admissions(): { ownerKind: string; namespace: string; skipped: boolean; count: number }[];
}

/** For components that have nothing to tell of a kind. */
export const NO_FACTS: ControlPlaneFacts = { endpoints: () => [], issuerTtlSeconds: () => 0, admissions: () => [] };

/** Runtime families under the names that Go's client library gives them. @returns the counter of served requests */
export function goFamilies(registry: Registry): Counter {
  const gauges: [string, string, () => number][] = [
    ['go_goroutines', 'Number of goroutines that currently exist.', () => process.getActiveResourcesInfo().length],
    ['go_threads', 'Number of OS threads created.', () => 8],
    ['go_memstats_alloc_bytes', 'Number of bytes allocated in heap and currently in use.', () => heap().heapUsed],
    ['go_memstats_heap_inuse_bytes', 'Number of heap bytes that are in use.', () => heap().heapTotal],
    ['go_memstats_sys_bytes', 'Number of bytes obtained from system.', () => heap().rss],
  ];
  for (const [name, help, read] of gauges) {
    new Gauge({
      name,
      help,
      registers: [registry],
      collect() {
        this.set(read());
      },
    });
  }
  new Gauge({
    name: 'go_info',
    help: 'Information about the Go environment.',
    labelNames: ['version'],
    registers: [registry],
  }).set({ version: 'go1.25.0' }, 1);
  new Histogram({
    name: 'go_gc_duration_seconds',
    help: 'A summary of the wall-time pause (stop-the-world) duration in garbage collection cycles.',
    registers: [registry],
  });
  collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: 1000 });
  dropNodeFamilies(registry);
  const server = new Counter({
    name: 'http_server_requests_total',
    help: 'A counter for requests to the wrapped handler.',
    labelNames: ['code'],
    registers: [registry],
  });
  const buckets = [0.01, 0.05, 0.1, 0.5, 1, 5];
  new Histogram({
    name: 'http_server_request_latency_seconds',
    help: 'A histogram of latencies for requests in seconds.',
    buckets,
    registers: [registry],
  });
  new Histogram({
    name: 'http_server_response_size_bytes',
    help: 'A histogram of response sizes for requests.',
    buckets: [200, 500, 900, 1500],
    registers: [registry],
  });
  const client = { labelNames: ['client', 'code', 'method'], registers: [registry] };
  new Counter({
    name: 'http_client_requests_total',
    help: 'A counter for requests from the wrapped client.',
    ...client,
  }).inc({ client: 'k8s', code: '200', method: 'get' }, 0);
  new Counter({
    name: 'http_client_errors_total',
    help: 'A counter for errors from the wrapped client.',
    labelNames: ['client', 'method'],
    registers: [registry],
  });
  new Histogram({
    name: 'http_client_request_latency_seconds',
    help: 'A histogram of request latencies.',
    buckets,
    registers: [registry],
  });
  const limits: [string, string, number][] = [
    ['http_client_in_flight_requests', 'A gauge of in-flight requests for the wrapped client.', 0],
    ['http_client_qps', 'Max QPS used for the client config.', 100],
    ['http_client_burst', 'Burst used for the client config.', 200],
  ];
  for (const [name, help, value] of limits) {
    new Gauge({ name, help, labelNames: ['client'], registers: [registry] }).set({ client: 'k8s' }, value);
  }
  return server;
}

/** What only this kind of component tells. */
export function componentFamilies(registry: Registry, container: string, facts: ControlPlaneFacts): void {
  const registers = [registry];
  if (container === 'destination') {
    new Gauge({
      name: 'endpoints_pods',
      help: 'A gauge for the current number of pods in a endpoints.',
      labelNames: ['cluster', 'namespace', 'service', 'port', 'hostname'],
      registers,
      collect() {
        this.reset();
        for (const { namespace, service, pods } of facts.endpoints()) {
          this.set({ cluster: 'local', namespace, service, port: '80', hostname: '' }, pods);
        }
      },
    });
  }
  if (container === 'identity') {
    new Gauge({
      name: 'issuer_cert_ttl_seconds',
      help: 'The amount of time remaining before the issuer certificate expires',
      registers,
      collect() {
        this.set(facts.issuerTtlSeconds());
      },
    });
  }
  if (container === 'proxy-injector') {
    const labelNames = ['owner_kind', 'namespace'];
    new Counter({
      name: 'proxy_inject_admission_requests_total',
      help: 'A counter for number of admission requests to proxy injector.',
      labelNames,
      registers,
      collect() {
        this.reset();
        for (const { ownerKind, namespace, count } of facts.admissions()) {
          this.inc({ owner_kind: ownerKind, namespace }, count);
        }
      },
    });
    new Counter({
      name: 'proxy_inject_admission_responses_total',
      help: 'A counter for number of admission responses from proxy injector.',
      labelNames: [...labelNames, 'skip'],
      registers,
      collect() {
        this.reset();
        for (const { ownerKind, namespace, skipped, count } of facts.admissions()) {
          this.inc({ owner_kind: ownerKind, namespace, skip: String(skipped) }, count);
        }
      },
    });
  }
}

/** prom-client's own defaults bring process_* (wanted) and nodejs_* (which no Go program has). */
function dropNodeFamilies(registry: Registry): void {
  for (const { name } of registry.getMetricsAsArray())
    if (name.startsWith('nodejs_')) registry.removeSingleMetric(name);
}

function heap(): NodeJS.MemoryUsage {
  return process.memoryUsage();
}
