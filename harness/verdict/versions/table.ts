/**
 * What proxies of a version count otherwise than those of today, as far as flows are reconciled (facts, section 9). Data:
 * the mesh that is simulated has its own, and each can contradict the other.
 */

/** Families by the first version of the proxy that has them; any other is in all versions. */
export const FAMILIES_SINCE: readonly { family: RegExp; since: string }[] = [
  { family: /^outbound_(?:http|grpc)_route_backend_requests_total$/, since: '2.196.0' },
  { family: /^outbound_(?:http|grpc)_route_/, since: '2.243.0' },
  { family: /^inbound_http_local_ratelimit_total$/, since: '2.265.0' },
  { family: /^outbound_tcp_route_/, since: '2.265.0' },
  { family: /^inbound_(?:http|grpc)_requests_total$/, since: '2.319.0' },
  { family: /^inbound_(?:http|grpc)_statuses_total$/, since: '2.337.0' },
  { family: /^inbound_(?:http|grpc)_response_duration_seconds_/, since: '2.339.0' },
  { family: /^inbound_(?:http|grpc)_request_duration_seconds_/, since: '2.342.0' },
];

/** Before, no `srv_*` label told the port. */
export const SRV_PORT_SINCE = '2.286.0';

/** Before, an answer of gRPC that ended without trailers counted as code 0; since as 2. */
export const OPEN_GRPC_IS_2_SINCE = '2.197.0';

/** From one to before the other, `grpc_status` was text. */
export const GRPC_TEXT = { since: '2.197.0', until: '2.210.1' } as const;

/** That text, by code. */
export const GRPC_TEXTS: readonly string[] = [
  'The operation completed successfully',
  'The operation was cancelled',
  'Unknown error',
  'Client specified an invalid argument',
  'Deadline expired before operation could complete',
  'Some requested entity was not found',
  'Some entity that we attempted to create already exists',
  'The caller does not have permission to execute the specified operation',
  'Some resource has been exhausted',
  "The system is not in a state required for the operation's execution",
  'The operation was aborted',
  'Operation was attempted past the valid range',
  'Operation is not implemented or not supported',
  'Internal error',
  'The service is currently unavailable',
  'Unrecoverable data loss or corruption',
  'The request does not have valid authentication credentials',
];

/** Of proxies that do not say which they are: the last before 2.13. */
export const SILENT = '2.188.0';
