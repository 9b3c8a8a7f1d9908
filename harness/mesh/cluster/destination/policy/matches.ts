import type { RouteMatch } from '../../../../core/policy.ts';
import type { GrpcMatch, HttpMatch } from './objects.ts';

/** An HTTPRoute's match. A header's value is taken as exact, whatever its type. */
export function httpMatch({ path, method, headers = [] }: HttpMatch): RouteMatch {
  return {
    path: path ? { type: path.type ?? 'PathPrefix', value: path.value ?? '/' } : null,
    method: method ?? null,
    headers: headers.map(headerMatch),
  };
}

/** A GRPCRoute's match as one of paths: `/package.Service/Method`, or all methods of a service. */
export function grpcMatch({ method, headers = [] }: GrpcMatch): RouteMatch {
  return { path: grpcPath(method), method: null, headers: headers.map(headerMatch) };
}

function grpcPath(of: GrpcMatch['method']): RouteMatch['path'] {
  if (!of || (of.service === undefined && of.method === undefined)) return null;
  const { type = 'Exact', service, method } = of;
  if (type === 'Exact' && service !== undefined) {
    return method === undefined
      ? { type: 'PathPrefix', value: `/${service}/` }
      : { type: 'Exact', value: `/${service}/${method}` };
  }
  const spelt = (text: string | undefined) =>
    text === undefined ? '[^/]+' : type === 'Exact' ? text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&') : text;
  return { type: 'RegularExpression', value: `/${spelt(service)}/${spelt(method)}` };
}

function headerMatch({ name, value }: { name: string; value: string }): RouteMatch['headers'][number] {
  return { name: name.toLowerCase(), value };
}
