import type { KnownChange } from '../types.ts';

const RESPONSES = /^(?:route_|route_actual_|control_)?response_total$/;

/** How responses are classified, and errors named. */
export const RESPONSES_CHANGES: readonly KnownChange[] = [
  {
    id: 'classification-labels-always',
    of: 'proxy',
    since: '2.197.0',
    linkerd: '2.13',
    subject: { kind: 'meaning', family: RESPONSES, labels: ['grpc_status', 'error'] },
    text: '`grpc_status` and `error` stand on every series of responses, empty where they say nothing; before, only where they said something',
    instead: '',
  },
  {
    id: 'grpc-status-as-text',
    of: 'proxy',
    since: '2.197.0',
    linkerd: '2.13',
    until: '2.210.1',
    untilLinkerd: '2.14.2',
    subject: { kind: 'meaning', family: RESPONSES, labels: ['grpc_status'] },
    text: '`grpc_status` is a text ("Unknown error") instead of a number',
    instead: 'select by classification, which is right in every version',
  },
  {
    id: 'open-grpc-status',
    of: 'proxy',
    since: '2.197.1',
    linkerd: '2.13',
    subject: { kind: 'meaning', family: RESPONSES, labels: ['grpc_status'] },
    text: 'a gRPC stream that ends without trailers has grpc_status "2" instead of "0"; it still is a success',
    instead: 'select by classification, which is the same in every version',
  },
  {
    id: 'gateway-identity-required',
    of: 'proxy',
    since: '2.349.0',
    linkerd: '2.20',
    subject: {
      kind: 'label-value',
      change: 'removed',
      family: /^inbound_http_errors_total$/,
      label: 'error',
      value: 'gateway identity required',
    },
    text: 'no error is called "gateway identity required" any more',
    instead: '',
  },
];
