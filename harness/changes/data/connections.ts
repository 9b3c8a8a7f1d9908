import type { KnownChange } from '../types.ts';

const TRANSPORT_HEADER = 'older proxies are reached on the port of the app itself';

/** Parent and backend of a TCP balancer, of which only `logical` and `concrete` were told. */
const TCP_BALANCER_LABELS = ['parent', 'backend'].flatMap((scope) =>
  ['group', 'kind', 'namespace', 'name', 'port', 'section_name'].map(
    (field): KnownChange => ({
      id: `tcp-balancer-${scope}-${field.replace('_', '-')}`,
      of: 'proxy',
      since: '2.263.0',
      linkerd: '2.17',
      subject: { kind: 'label', change: 'added', family: /^outbound_tcp_balancer_/, label: `${scope}_${field}` },
      text: 'balancers of TCP connections name their parent and backend',
      instead: 'older proxies have the labels logical and concrete',
    }),
  ),
);

/** Connections and balancers. */
export const CONNECTIONS: readonly KnownChange[] = [
  ...TCP_BALANCER_LABELS,
  {
    id: 'tcp-connection-duration',
    of: 'proxy',
    since: '2.135.0',
    linkerd: '2.10',
    subject: { kind: 'family', change: 'removed', family: /^tcp_connection_duration_ms$/ },
    text: '`tcp_connection_duration_ms` is gone',
    instead: 'there is no histogram of how long connections last any more',
  },
  {
    id: 'http-balancer-endpoints',
    of: 'proxy',
    since: '2.197.1',
    linkerd: '2.13',
    subject: { kind: 'family', change: 'added', family: /^outbound_http_balancer_endpoints$/ },
    text: 'the endpoints of each HTTP balancer are shown, ready and pending',
    instead: 'the proxies do not say it',
  },
  {
    id: 'balancers',
    of: 'proxy',
    since: '2.215.0',
    linkerd: '2.15',
    subject: {
      kind: 'family',
      change: 'added',
      family:
        /^(?:(?:control_(?:identity|destination|policy)|opencensus|outbound_tcp)_balancer_|outbound_http_balancer_(?:p2c|queue)_)/,
    },
    text: 'balancers show their endpoints, updates, queue and gate',
    instead: 'the proxies do not say it',
  },
  {
    id: 'gateway-families',
    of: 'proxy',
    since: '2.215.0',
    linkerd: '2.15',
    until: '2.227.0',
    untilLinkerd: '2.16',
    subject: { kind: 'family', change: 'added', family: /^gateway_(?:http|grpc|tcp)_/ },
    text: "what a gateway's proxy sends out is in families `gateway_*` of its own; otherwise it is in `outbound_*`",
    instead: 'ask for the family outbound_* of the same name',
  },
  {
    id: 'tcp-transfer-cost',
    of: 'proxy',
    since: '2.256.0',
    linkerd: '2.17',
    subject: { kind: 'family', change: 'added', family: /^outbound_tcp_transfer_cost_bytes_total$/ },
    text: 'bytes are counted by whether they leave the zone',
    instead: 'the proxies do not say it',
  },
  {
    id: 'tls-balancer',
    of: 'proxy',
    since: '2.259.0',
    linkerd: '2.17',
    subject: { kind: 'family', change: 'added', family: /^outbound_tls_balancer_/ },
    text: 'TLS that passes through to other networks has a balancer of its own',
    instead: 'the proxies do not say it',
  },
  {
    id: 'connection-routes',
    of: 'proxy',
    since: '2.265.0',
    linkerd: '2.17',
    subject: { kind: 'family', change: 'added', family: /^outbound_(?:tcp|tls)_route_(?:open|close)_total$/ },
    text: 'outbound connections are counted by route',
    instead: 'older proxies have tcp_open_total with direction="outbound"',
  },
  {
    id: 'protocol-detection',
    of: 'proxy',
    since: '2.286.0',
    linkerd: '2.18',
    subject: { kind: 'family', change: 'added', family: /^(?:in|out)bound_tcp_detect_http_/ },
    text: 'protocol detection shows its results and how long it took',
    instead: 'the proxies do not say it',
  },
  {
    id: 'transport-header-connections',
    of: 'proxy',
    since: '2.286.0',
    linkerd: '2.18',
    subject: { kind: 'family', change: 'added', family: /^inbound_tcp_transport_header_connections_total$/ },
    text: 'connections with a transport header are counted',
    instead: TRANSPORT_HEADER,
  },
  {
    id: 'protocol-connections',
    of: 'proxy',
    since: '2.286.0',
    linkerd: '2.18',
    subject: { kind: 'family', change: 'added', family: /^outbound_tcp_protocol_connections_total$/ },
    text: 'outbound connections are counted by the protocol that is configured',
    instead: 'the proxies do not say it',
  },
];
