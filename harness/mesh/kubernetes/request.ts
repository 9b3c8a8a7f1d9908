import { badRequest, invalidListOptions, StatusError } from './status.ts';
import { isResource, type ResourceName } from './types.ts';

/** A path of the API, taken apart. */
export type ParsedPath =
  | { kind: 'resource'; resource: ResourceName; namespace: string | null; name: string | null; subresource: string[] }
  /** Within /api or /apis, but not one that is served. */
  | { kind: 'unknown-resource'; apiGroup: string; resource: string; namespace: string | null; name: string | null }
  | { kind: 'path'; path: string };

/** `/api/v1/namespaces/shop/pods/web-1` and the like. `namespaces/{name}` itself is an object of resource `namespaces`. */
export function parsePath(pathname: string): ParsedPath {
  const parts = pathname
    .split('/')
    .filter((part) => part !== '')
    .map(decode);
  const group = parts[0] === 'api' ? '' : parts[0] === 'apis' ? (parts[1] ?? '') : null;
  const rest = group === '' ? parts.slice(2) : parts.slice(3);
  if (group === null || rest.length === 0) return { kind: 'path', path: pathname };
  let namespace: string | null = null;
  if (rest[0] === 'namespaces' && rest.length > 2) {
    namespace = rest[1]!;
    rest.splice(0, 2);
  }
  const [resource, name = null, ...subresource] = rest as [string, ...string[]];
  if (group !== '' || parts[1] !== 'v1' || !isResource(resource)) {
    return { kind: 'unknown-resource', apiGroup: group, resource, namespace, name };
  }
  // The namespace is part of what is asked for when one namespace is named.
  if (resource === 'namespaces' && name !== null) namespace = name;
  return { kind: 'resource', resource, namespace, name, subresource };
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw new StatusError(badRequest(`invalid path segment "${part}"`));
  }
}

/** Query parameters of list and watch, checked. */
export interface ListOptions {
  watch: boolean;
  /** null: not given. `0` is a version of its own: whatever is at hand. */
  resourceVersion: number | null;
  resourceVersionMatch: 'Exact' | 'NotOlderThan' | null;
  sendInitialEvents: boolean | null;
  allowWatchBookmarks: boolean;
  timeoutMs: number | null;
  fieldSelector: string;
  labelSelector: string;
  limit: number;
  continueToken: string | null;
}

/** @throws StatusError 400 or 422, as a real API server words them */
export function parseListOptions(query: URLSearchParams): ListOptions {
  const match = query.get('resourceVersionMatch') || null;
  const options: ListOptions = {
    watch: queryFlag(query, 'watch') ?? false,
    resourceVersion: integer(query, 'resourceVersion'),
    resourceVersionMatch: match === 'Exact' || match === 'NotOlderThan' ? match : null,
    sendInitialEvents: queryFlag(query, 'sendInitialEvents'),
    allowWatchBookmarks: queryFlag(query, 'allowWatchBookmarks') ?? false,
    timeoutMs: seconds(query),
    fieldSelector: query.get('fieldSelector') ?? '',
    labelSelector: query.get('labelSelector') ?? '',
    limit: integer(query, 'limit') ?? 0,
    continueToken: query.get('continue') || null,
  };
  if (match !== null && options.resourceVersionMatch === null)
    invalid('resourceVersionMatch', `Unsupported value: "${match}": supported values: "Exact", "NotOlderThan"`);
  if (options.watch) checkWatch(options);
  else checkList(options);
  return options;
}

function checkWatch({ resourceVersionMatch, sendInitialEvents }: ListOptions): void {
  if (sendInitialEvents !== null && resourceVersionMatch !== 'NotOlderThan')
    invalid(
      'resourceVersionMatch',
      'Forbidden: sendInitialEvents requires setting resourceVersionMatch to NotOlderThan',
    );
  if (sendInitialEvents === null && resourceVersionMatch !== null)
    invalid(
      'resourceVersionMatch',
      'Forbidden: resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided',
    );
}

function checkList(options: ListOptions): void {
  if (options.sendInitialEvents !== null)
    invalid('sendInitialEvents', 'Forbidden: sendInitialEvents is forbidden for list');
  if (options.resourceVersionMatch === null) return;
  if (options.continueToken !== null)
    invalid('resourceVersionMatch', 'Forbidden: resourceVersionMatch is forbidden when continue is provided');
  if (options.resourceVersion === null)
    invalid('resourceVersionMatch', 'Forbidden: resourceVersionMatch is forbidden unless resourceVersion is provided');
  if (options.resourceVersion === 0 && options.resourceVersionMatch === 'Exact')
    invalid('resourceVersionMatch', 'Forbidden: resourceVersionMatch "Exact" is forbidden for resourceVersion "0"');
}

function invalid(field: string, problem: string): never {
  throw new StatusError(invalidListOptions(field, problem));
}

/** As Kubernetes converts query parameters: everything that is not plainly false is true. null: not given. */
export function queryFlag(query: URLSearchParams, name: string): boolean | null {
  const value = query.get(name);
  if (value === null) return null;
  return value !== 'false' && value !== '0' && value !== '';
}

function integer(query: URLSearchParams, name: string): number | null {
  const value = query.get(name);
  if (value === null || value === '') return null;
  if (!/^\d{1,15}$/.test(value)) throw new StatusError(badRequest(`invalid ${name} "${value}"`));
  return Number(value);
}

function seconds(query: URLSearchParams): number | null {
  const value = integer(query, 'timeoutSeconds');
  return value === null || value === 0 ? null : value * 1000;
}
