import type { KnownChange } from '../types.ts';

interface Added {
  id: string;
  since: string;
  linkerd: string;
  family: RegExp;
  text: string;
  instead: string;
}

const added = ({ id, since, linkerd, family, text, instead }: Added): KnownChange => ({
  id,
  of: 'proxy',
  since,
  linkerd,
  subject: { kind: 'family', change: 'added', family },
  text,
  instead,
});

const OUTBOUND_BEFORE = 'older proxies have response_total with direction="outbound"';
const LATENCY_BEFORE = 'older proxies have response_latency_ms with direction="inbound"';

/** Families of HTTP and gRPC routes. */
export const ROUTES: readonly KnownChange[] = [
  added({
    id: 'route-backend-requests',
    since: '2.196.0',
    linkerd: '2.13',
    family: /^outbound_(?:http|grpc)_route_backend_requests_total$/,
    text: 'requests are counted by route and backend',
    instead: 'older proxies have request_total with direction="outbound"',
  }),
  added({
    id: 'route-durations-and-statuses',
    since: '2.242.0',
    linkerd: '2.16',
    family: /^outbound_(?:http|grpc)_route_(?:request|backend_response)_(?:duration_seconds|statuses_total)$/,
    text: 'outbound routes have durations and statuses: for the request and for each attempt, timeouts among them',
    instead: OUTBOUND_BEFORE,
  }),
  added({
    id: 'route-retries',
    since: '2.243.0',
    linkerd: '2.16',
    family: /^outbound_(?:http|grpc)_route_retry_/,
    text: 'retries of outbound routes are counted',
    instead: OUTBOUND_BEFORE,
  }),
  added({
    id: 'local-ratelimit',
    since: '2.265.0',
    linkerd: '2.17',
    family: /^inbound_http_local_ratelimit_total$/,
    text: 'requests turned away by a rate limit are counted',
    instead: 'older proxies limit no rates',
  }),
  added({
    id: 'backend-response-frames',
    since: '2.267.0',
    linkerd: '2.17',
    family: /^outbound_(?:http|grpc)_route_backend_response_frame_size_bytes$/,
    text: 'sizes of response frames are shown by route and backend',
    instead: 'the proxies do not say it',
  }),
  added({
    id: 'inbound-requests',
    since: '2.319.0',
    linkerd: '2.19',
    family: /^inbound_(?:http|grpc)_(?:requests_total|response_frame_size_bytes)$/,
    text: 'inbound requests and the sizes of response frames are shown by server and route',
    instead: 'older proxies have request_total with direction="inbound"',
  }),
  added({
    id: 'request-frames',
    since: '2.321.0',
    linkerd: '2.19',
    family: /^(?:inbound_(?:http|grpc)|outbound_(?:http|grpc)_route)_request_frame_size_bytes$/,
    text: 'sizes of request frames are shown for inbound and outbound routes',
    instead: 'the proxies do not say it',
  }),
  added({
    id: 'inbound-statuses',
    since: '2.337.0',
    linkerd: '2.20',
    family: /^inbound_(?:http|grpc)_statuses_total$/,
    text: 'inbound responses are counted by server, route and status',
    instead: 'older proxies have response_total with direction="inbound"',
  }),
  added({
    id: 'inbound-response-durations',
    since: '2.339.0',
    linkerd: '2.20',
    family: /^inbound_(?:http|grpc)_response_duration_seconds$/,
    text: 'durations of inbound responses are shown by server and route',
    instead: LATENCY_BEFORE,
  }),
  added({
    id: 'inbound-request-durations',
    since: '2.342.0',
    linkerd: '2.20',
    family: /^inbound_(?:http|grpc)_request_duration_seconds$/,
    text: 'durations of inbound requests are shown by server and route',
    instead: LATENCY_BEFORE,
  }),
  {
    id: 'outbound-http-http',
    of: 'proxy',
    since: '2.227.0',
    linkerd: '',
    until: '2.227.1',
    untilLinkerd: '2.16',
    subject: { kind: 'family', change: 'renamed', family: /^outbound_http_(?!http_)/, to: 'outbound_http_http_*' },
    text: 'families of outbound HTTP have the prefix `outbound_http_http_`, by mistake',
    instead: 'use another version of the proxy',
  },
];
