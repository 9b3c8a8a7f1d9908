import type { ErrorRule, Protocol, RouteConfig, WorkloadConfig } from './contract.ts';

export interface Misfit {
  at: PropertyKey[];
  message: string;
}

/** Errors that each protocol can show. */
const ERRORS: Record<Protocol, ErrorRule['kind'][]> = {
  http: ['status', 'hang', 'reset', 'close'],
  http2: ['status', 'hang', 'reset', 'close'],
  grpc: ['status', 'hang', 'reset', 'close', 'grpc', 'no-trailers'],
  tcp: ['hang', 'reset', 'close'],
};

/** What a workload declares that its protocol has no place for. */
export function misfits(workload: WorkloadConfig): Misfit[] {
  const { protocol = 'http', routes, timeline } = workload;
  const found: Misfit[] = [];
  const check = (at: PropertyKey[], errors: ErrorRule[] | undefined) => {
    for (const { kind } of errors ?? []) {
      if (!ERRORS[protocol].includes(kind)) found.push({ at, message: `${protocol} has no error "${kind}"` });
    }
  };
  routes.forEach((route, i) => {
    check(['routes', i, 'errors'], route.errors);
    const message = methodMisfit(protocol, route);
    if (message) found.push({ at: ['routes', i, 'method'], message });
  });
  timeline.forEach((each, i) => {
    check(['timeline', i, 'change', 'errors'], each.change.errors);
  });
  if (protocol === 'tcp' && routes.length !== 1) {
    found.push({ at: ['routes'], message: 'tcp has one route, which is /' });
  }
  if (protocol === 'tcp' && workload.concurrency !== undefined) {
    found.push({ at: ['concurrency'], message: 'tcp has connections, and no requests to wait in line' });
  }
  return found;
}

function methodMisfit(protocol: Protocol, { method, path }: RouteConfig): string | null {
  if (protocol === 'tcp') return method === 'CONNECT' && path === '/' ? null : 'of tcp is CONNECT, and the path /';
  if (method === 'CONNECT') return `is CONNECT, which ${protocol} has not`;
  return protocol === 'grpc' && method !== 'POST' ? 'of grpc is POST' : null;
}
