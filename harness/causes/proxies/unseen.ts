import type { Cause } from '../types.ts';

/** Traffic that goes past a proxy, or through it as bytes. */
export const UNSEEN_CAUSES: Cause[] = [
  {
    id: 'inbound-port-skipped',
    title: "The proxy skips the app's inbound port",
    kind: 'fault',
    symptom:
      'The server shows no inbound requests at all, though it answers. Its callers show requests to it without mutual TLS; `linkerd viz stat` of its deployment has no row, or only the proxy itself.',
    evidence: [
      "config.linkerd.io/skip-inbound-ports on the pod (or its namespace) names the app's port",
      "the pod's page has no inbound request_total and no tcp_open_total of that port",
      'its callers\' request_total has tls="no_identity" to it, or the truth has requests that it served',
    ],
    reason:
      'linkerd-init leaves skipped ports out of its iptables rules: connections to them reach the app itself, without the proxy, so that there is no inbound metric, no mutual TLS and no policy (Linkerd 2.x, all versions: linkerd.io, protocol detection).',
    remedy: [
      'Take the port out of config.linkerd.io/skip-inbound-ports and restart the pods: annotations count when a pod is created.',
      'For a protocol in which the server speaks first, make the port opaque (config.linkerd.io/opaque-ports): it is encrypted and its bytes are counted, which skipping gives up.',
      'kubectl get pods -A -o json | jq -r \'.items[] | select(.metadata.annotations["config.linkerd.io/skip-inbound-ports"]) | "\\(.metadata.namespace)/\\(.metadata.name) \\(.metadata.annotations["config.linkerd.io/skip-inbound-ports"])"\'',
    ],
    looksLike: [
      { cause: 'port-opaque', toldApartBy: 'an opaque port has inbound tcp_open_total; a skipped one has nothing' },
      { cause: 'pod-not-injected', toldApartBy: 'the pod has a proxy, and Prometheus scrapes it' },
      { cause: 'client-not-meshed', toldApartBy: 'there the server has inbound requests, without TLS' },
    ],
    question: "Does the pod's own page have any inbound series of the app's port?",
  },
  {
    id: 'outbound-port-skipped',
    title: "The caller's proxy skips the port of a service",
    kind: 'fault',
    symptom:
      'The caller shows no outbound requests to one service, which answers it. At the service the same requests arrive without TLS, from nobody in particular.',
    evidence: [
      "config.linkerd.io/skip-outbound-ports on the caller's pod (or its namespace) names the service's port",
      "the caller's page has no outbound series of that service (authority, dst_service)",
      'the callee has plaintext requests (no_tls_reason="no_tls_from_remote"), or the truth has requests that the caller made',
    ],
    reason:
      "linkerd-init leaves skipped ports out of its iptables rules: connections to them leave the pod past its proxy. There is no outbound metric, no mutual TLS, no load balancing by Linkerd, no retry; the callee's proxy sees plaintext.",
    remedy: [
      'Take the port out of config.linkerd.io/skip-outbound-ports and restart the pods.',
      'If only some destinations are to be skipped, use config.linkerd.io/skip-subnets with their addresses: a skipped port is skipped to every destination.',
    ],
    looksLike: [
      { cause: 'client-not-meshed', toldApartBy: 'the caller has a proxy, and its other traffic is counted' },
      {
        cause: 'port-opaque',
        toldApartBy: 'an opaque port has outbound tcp_open_total with the authority of the service',
      },
    ],
    question: "Does the caller's own page have any outbound series of that service?",
  },
  {
    id: 'port-opaque',
    title: 'HTTP on an opaque port',
    kind: 'fault',
    symptom:
      'A service has connections and bytes, but no requests, no success rate and no latency, neither at its callers nor at itself.',
    evidence: [
      'config.linkerd.io/opaque-ports on the Service, the pod or the namespace names the port',
      'outbound_tcp_protocol_connections_total{protocol="opaq"} of the service at its callers',
      'tcp_open_total of the port, and no request_total',
    ],
    reason:
      'A port that is declared opaque is not looked into: the proxy forwards its bytes (with mutual TLS) and counts connections. An annotation of the Service tells the callers, one of the pod (inherited from the namespace) the server; the ports 25, 587, 3306, 4444, 5432, 6379, 9300 and 11211 are opaque by default (linkerd.io, protocol detection).',
    remedy: [
      'Take the port out of config.linkerd.io/opaque-ports of Service and namespace; restart the pods where the annotation is theirs.',
      'If HTTP is spoken on a port of the default list, set config.linkerd.io/opaque-ports on Service and pods to a list without it (an empty value is a list without any).',
      'kubectl get svc,ns,pods -A -o json | jq -r \'.items[] | select(.metadata.annotations["config.linkerd.io/opaque-ports"]) | "\\(.kind) \\(.metadata.namespace)/\\(.metadata.name) \\(.metadata.annotations["config.linkerd.io/opaque-ports"])"\'',
    ],
    looksLike: [
      { cause: 'inbound-port-skipped', toldApartBy: 'a skipped port has no inbound tcp_open_total either' },
      {
        cause: 'http-detection-timed-out',
        toldApartBy: 'there detection was tried: inbound_tcp_detect_http_results_total has read_timeout',
      },
    ],
    question: 'Which protocol have the callers been told: outbound_tcp_protocol_connections_total of that service?',
  },
  {
    id: 'http-detection-timed-out',
    title: 'Detection of HTTP timed out and fell back to TCP',
    kind: 'fault',
    symptom:
      'Some requests of a service are missing from its metrics, though they were answered, some with a delay of seconds (ten, by default) before the first. Their bytes are counted as those of TCP connections.',
    evidence: [
      'inbound_tcp_detect_http_results_total{result="read_timeout"} is above zero (outbound_... at the callers)',
      'the truth has more requests than request_total',
    ],
    reason:
      'A proxy reads the first bytes of a connection to learn whether it speaks HTTP. When nothing comes within the timeout (10 s; LINKERD2_PROXY_INBOUND_DETECT_TIMEOUT and its outbound sibling) it gives up and forwards bytes for the whole life of that connection: whatever HTTP comes later is no request to it. The counters exist since proxy v2.286 (Linkerd 2.18).',
    remedy: [
      'Find out why the client opens connections long before it sends: pools that connect ahead, a client that is starved of CPU, a load balancer that keeps idle connections.',
      'Declare what the port speaks, and nothing needs detection: a Server with proxyProtocol HTTP/1 or HTTP/2, or appProtocol on the Service.',
    ],
    looksLike: [
      { cause: 'port-opaque', toldApartBy: 'an opaque port is not detected at all: no result is counted' },
      { cause: 'requests-abandoned', toldApartBy: 'an abandoned request is in request_total' },
    ],
    question: 'Has inbound_tcp_detect_http_results_total{result="read_timeout"} moved at the server?',
  },
  {
    id: 'client-not-meshed',
    title: 'A client stands outside the mesh',
    kind: 'fault',
    symptom:
      'A server has requests that no client has: no outbound series leads to it, its inbound requests have tls="no_identity" and no client_id. Edges, per-client panels and the share of mutual TLS miss them; `tls="true"` filters them away.',
    evidence: [
      'inbound request_total with no_tls_reason="no_tls_from_remote" on the app\'s port and another route than `probe`',
      'a pod without the proxy that no Service selects',
    ],
    reason:
      'Without a proxy of its own a client connects in plaintext. Inbound series know a client by its certificate alone, so these requests have no client; outbound series would be those of the proxy that it lacks.',
    remedy: [
      '`kubectl annotate namespace NAMESPACE linkerd.io/inject=enabled`, then restart the workload: injection happens when a pod is created.',
      'If it is to stay outside (an ingress, a job), do not filter by tls="true", and read its traffic at the servers.',
    ],
    looksLike: [
      {
        cause: 'pod-not-injected',
        toldApartBy: 'a pod that a Service selects serves; its own inbound metrics are missing too',
      },
      { cause: 'outbound-port-skipped', toldApartBy: 'the client has a proxy, which is told to skip the port' },
      { cause: 'probes-counted-as-traffic', toldApartBy: 'probes have route_name="probe", scrapes target port 4191' },
    ],
    question: 'Which pods without a proxy may have asked: those that no Service selects?',
  },
];
