import type { KnownChange } from '../types.ts';

const REQUESTS = /^(?:request_total|response_total|response_latency_ms)$/;
const TRAFFIC = /^(?:request_total|response_total|response_latency_ms|tcp_\w+)$/;
const INBOUND = /^(?:request_total|response_total|response_latency_ms|tcp_\w+|inbound_\w+)$/;
const OUTBOUND_ROUTE = /^outbound_(?:http|grpc|tls)_route_/;

/** Labels of traffic that came or went. */
export const LABELS: readonly KnownChange[] = [
  {
    id: 'srv-labels-of-defaults',
    of: 'proxy',
    since: '2.187.0',
    linkerd: '2.12.2',
    subject: { kind: 'meaning', family: INBOUND, labels: ['srv_group', 'srv_kind', 'srv_name'] },
    text: 'the `srv_*` labels tell a default policy from a Server of the same name',
    instead: '',
  },
  {
    id: 'dst-zone',
    of: 'proxy',
    since: '2.215.0',
    linkerd: '2.15',
    subject: { kind: 'label', change: 'added', family: TRAFFIC, label: 'dst_zone', direction: 'outbound' },
    text: 'outbound series have the label `dst_zone`: the zone of the pod that answers',
    instead: 'the proxies do not say it',
  },
  {
    id: 'dst-zone-locality',
    of: 'proxy',
    since: '2.256.0',
    linkerd: '2.17',
    subject: { kind: 'label', change: 'added', family: TRAFFIC, label: 'dst_zone_locality', direction: 'outbound' },
    text: 'outbound series have the label `dst_zone_locality`: local, remote or unknown',
    instead: 'the proxies do not say it',
  },
  {
    id: 'hostname',
    of: 'proxy',
    since: '2.258.0',
    linkerd: '2.17',
    subject: { kind: 'label', change: 'added', family: OUTBOUND_ROUTE, label: 'hostname', direction: 'outbound' },
    text: 'families of outbound routes have the label `hostname`: one value for each host that is asked for',
    instead: 'select the Service by parent_name and parent_namespace',
  },
  {
    id: 'hostname-emptied',
    of: 'proxy',
    since: '2.280.0',
    linkerd: '2.18',
    subject: { kind: 'label-values', change: 'emptied', family: OUTBOUND_ROUTE, label: 'hostname' },
    text: '`hostname` of outbound routes is always empty',
    instead:
      'select the Service by parent_name and parent_namespace; or set the annotation config.linkerd.io/proxy-metrics-hostname-labels',
  },
  {
    id: 'hostname-opt-in',
    of: 'proxy',
    since: '2.287.0',
    linkerd: '2.18',
    subject: { kind: 'setting', name: 'config.linkerd.io/proxy-metrics-hostname-labels' },
    text: '`hostname` of outbound routes can be had again by an annotation',
    instead: '',
  },
  {
    id: 'inbound-authority',
    of: 'proxy',
    since: '2.277.0',
    linkerd: '2.18',
    subject: { kind: 'label', change: 'removed', family: REQUESTS, label: 'authority', direction: 'inbound' },
    text: '`authority` is no longer on inbound series',
    instead:
      'select the workload by its target labels (namespace, deployment), or ask the callers: direction="outbound" still has authority',
  },
  {
    id: 'inbound-authority-opt-in',
    of: 'proxy',
    since: '2.290.0',
    linkerd: '2.18',
    subject: { kind: 'setting', name: 'LINKERD2_PROXY_INBOUND_METRICS_AUTHORITY_LABELS=unsafe' },
    text: '`authority` of inbound series can be had again by a setting of the proxy: at the risk of many series',
    instead: '',
  },
  {
    id: 'srv-port',
    of: 'proxy',
    since: '2.286.0',
    linkerd: '2.18',
    subject: { kind: 'label', change: 'added', family: INBOUND, label: 'srv_port', direction: 'inbound' },
    text: '`srv_port` goes with the other `srv_*` labels: sums by (srv_name) stay, matching on all labels does not',
    instead: 'select the port by target_port',
  },
];
