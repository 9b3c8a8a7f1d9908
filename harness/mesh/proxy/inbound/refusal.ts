import type { HeaderList } from '../headers.ts';
import type { Refused } from './policies.ts';

/** An answer of the inbound proxy in place of the app's; the connection goes on (linkerd2-proxy closes it for none of these). */
export interface Refusal {
  status: number;
  headers: HeaderList;
}

const GRPC_STATUS = { denied: '7', 'no-route': '5', limited: '8' } as const;
const HTTP_STATUS = { denied: 403, 'no-route': 404, limited: 429 } as const;

/**
 * How a request that may not pass is answered: in the words of its protocol, and with the reason for meshed clients only.
 * @param grpc it came over HTTP/2 with a content type of gRPC
 */
export function refusal(entry: Refused, grpc: boolean): Refusal {
  const { kind, target } = entry;
  const reason = target.tls.tls === 'true' ? [`server: ${target.ip}:${target.port}: ${reasonOf(entry)}`] : [];
  const errors = reason.flatMap((text) => ['l5d-proxy-error', text]);
  if (!grpc) return { status: HTTP_STATUS[kind], headers: ['content-length', '0', ...errors] };
  return {
    status: 200,
    headers: [
      ...['content-length', '0', 'content-type', 'application/grpc', 'grpc-status', GRPC_STATUS[kind]],
      ...reason.flatMap((text) => ['grpc-message', text]),
      ...errors,
    ],
  };
}

function reasonOf(entry: Refused): string {
  if (entry.kind === 'denied') return 'unauthorized request on route';
  if (entry.kind === 'no-route') return 'no route found for request';
  const { totalPerSecond, identityPerSecond } = entry.limit;
  return entry.scope === 'total'
    ? `total rate limit exceeded: ${totalPerSecond}rps`
    : `per-identity rate limit exceeded: ${identityPerSecond}rps`;
}
