import type { Cause } from '../types.ts';

/** Counts that are gone before anybody read them, or that begin again. */
export const FORGETTING_CAUSES: Cause[] = [
  {
    id: 'idle-series-evicted',
    title: 'Idle series are evicted',
    kind: 'fault',
    symptom:
      'Series of a flow end after a pause of its traffic, and begin again near zero when it comes back, though no proxy has restarted. Totals over long ranges are too low; sums of raw counters fall.',
    evidence: [
      'a series of request_total, response_total or response_latency_ms that ends, or comes back lower, while its target is up',
      'process_start_time_seconds of the proxy stays what it was',
      'LINKERD2_PROXY_METRICS_RETAIN_IDLE of its container, where it is not the default of 10m',
    ],
    reason:
      'A proxy drops label sets of request_total, response_total, response_latency_ms, route_* and control_* that were idle for LINKERD2_PROXY_METRICS_RETAIN_IDLE (10 min) and that no connection holds. One that returns is a new counter, without a reset that rate() could see across the gap. Families of its newer registry, authz and tcp_* are kept.',
    remedy: [
      'Use increase() over windows with traffic, not raw values; for totals use families that are not evicted (inbound_http_requests_total, outbound_http_route_backend_requests_total).',
      'Retain longer: environment variable LINKERD2_PROXY_METRICS_RETAIN_IDLE of the proxy (proxy.additionalEnv of the chart), at the price of memory and series.',
    ],
    looksLike: [
      {
        cause: 'proxy-restarted',
        toldApartBy: 'there process_start_time_seconds changes, and every counter begins again',
      },
      { cause: 'scrape-timeout', toldApartBy: 'there every series of the target ends at once, and up is 0' },
      { cause: 'duplicate-series', toldApartBy: 'there a series falls without having been away' },
    ],
    question: 'Did the series fall after it had been missing from a scrape that succeeded?',
  },
  {
    id: 'proxy-restarted',
    title: 'A proxy has restarted',
    kind: 'fault',
    symptom:
      'All counters of a pod begin at zero again. What it had counted since its last scrape is lost; a query that adds before it rates, or reads raw counters, falls.',
    evidence: [
      'process_start_time_seconds of the target changes',
      "restartCount and lastState of the proxy's container, with reason and exit code",
    ],
    reason:
      'Counters live in the memory of the process. rate() and increase() recognise the reset of a series, but not what was counted between the last scrape and the end, nor a reset inside a sum.',
    remedy: [
      '`kubectl -n NAMESPACE describe pod POD`, and `kubectl -n NAMESPACE logs POD -c linkerd-proxy --previous`: OOMKilled and failed probes are the usual reasons.',
      'Raise config.linkerd.io/proxy-memory-limit where it was killed for memory.',
      'In queries rate first, then sum.',
    ],
    looksLike: [
      { cause: 'idle-series-evicted', toldApartBy: 'there process_start_time_seconds stays, and only idle series go' },
      { cause: 'address-reused', toldApartBy: 'there the address belongs to another pod' },
      { cause: 'sum-before-rate', toldApartBy: 'the query is what misleads; the restart is why' },
    ],
    question: 'Has process_start_time_seconds changed within one series?',
  },
  {
    id: 'pod-shorter-than-a-scrape',
    title: 'A pod lived for less than a scrape interval',
    kind: 'fault',
    symptom:
      'Its peers have outbound series to a pod that Prometheus does not know: what it served is missing from every inbound query.',
    evidence: [
      'dst_pod of outbound series of its peers, or the truth, names a pod',
      'Prometheus has no successful scrape of it, or a single one',
      'the pod does not stand in the Kubernetes API any more',
    ],
    reason:
      "Prometheus notices a new pod within 5 s (its discovery sends updates no more often) and scrapes it at its own moment of the interval. Whatever a pod counts after its last scrape is lost; of one that is gone before its first, everything; from a single scrape there is no rate either. Nobody pushes for it: Linkerd's metrics are pulled.",
    remedy: [
      'Read such traffic at its peers: outbound series with dst_pod or dst_deployment.',
      'Let the pod outlive its work by a scrape interval and the delay of discovery (config.alpha.linkerd.io/proxy-wait-before-exit-seconds, a preStop hook), or scrape more often.',
    ],
    looksLike: [
      { cause: 'pod-not-injected', toldApartBy: 'that pod stands in the API, without a proxy' },
      { cause: 'admin-port-refused', toldApartBy: 'that pod is a target, whose scrapes fail' },
    ],
    question: 'How many successful scrapes of that pod were there ever: sum_over_time(up{pod="<pod>"}[6h])?',
  },
];
