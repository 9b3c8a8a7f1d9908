import type { Http2ServerRequest } from 'node:http2';
import { type ApiUser, authorizePath, authorizeResource, findUser, verbOf } from './access.ts';
import { discoveryDocument } from './discovery.ts';
import { serveList } from './list.ts';
import type { RoleGrant } from './rbac.ts';
import { type ListOptions, parseListOptions, parsePath, queryFlag } from './request.ts';
import { abort, acceptsJson, internalError, type Response, sendJson, sendText } from './responses.ts';
import { fieldMatcher, labelMatcher, type Matcher } from './selectors.ts';
import { methodNotAllowed, notAcceptable, notFound, StatusError, unknownPath } from './status.ts';
import type { ObjectStore } from './store.ts';
import { RESOURCES, type ResourceName } from './types.ts';
import { serveWatch } from './watch.ts';

export interface AuditEntry {
  /** Empty when the request could not be attributed. */
  user: string;
  verb: string;
  path: string;
  code: number;
  userAgent: string;
}

export interface HandlerOptions {
  users: readonly ApiUser[];
  rules: readonly RoleGrant[];
  bookmarkEveryMs: number;
  defaultWatchTimeoutMs: number;
  audit: (entry: AuditEntry) => void;
}

/** Answers requests from a store: who asks, may they, and then what. */
export class RequestHandler {
  readonly #store: ObjectStore;
  readonly #options: HandlerOptions;
  /** Open watches, each with how to end it. */
  readonly #watches = new Map<Response, () => void>();
  grants: readonly RoleGrant[];
  users: readonly ApiUser[];

  constructor(store: ObjectStore, options: HandlerOptions) {
    this.#store = store;
    this.#options = options;
    this.grants = options.rules;
    this.users = options.users;
  }

  get openWatches(): number {
    return this.#watches.size;
  }

  dropWatches(): void {
    for (const [response, stop] of this.#watches) {
      stop();
      abort(response);
    }
    this.#watches.clear();
  }

  handle(request: Http2ServerRequest, response: Response): void {
    const [path = '/', query = ''] = request.url.split(/\?(.*)/s);
    // Nothing is taken from a body, but it must be read for the connection to go on.
    request.resume();
    // A client that goes away in the middle of an answer is no error of ours.
    response.on('error', () => {});
    const audit = { user: '', verb: request.method.toLowerCase(), path: request.url, code: 200 };
    try {
      audit.user = findUser(this.users, request.headers.authorization);
      if (!acceptsJson(request.headers.accept)) throw new StatusError(notAcceptable());
      this.#answer(request.method, path, new URLSearchParams(query), audit, response);
    } catch (error) {
      const status = error instanceof StatusError ? error.status : internalError(error);
      audit.code = status.code;
      sendJson(response, status.code, status);
    }
    this.#options.audit({ ...audit, userAgent: request.headers['user-agent'] ?? '' });
  }

  #answer(
    method: string,
    pathname: string,
    query: URLSearchParams,
    audit: { user: string; verb: string },
    response: Response,
  ): void {
    const path = parsePath(pathname);
    if (path.kind === 'path') {
      authorizePath(audit.user, audit.verb, path.path);
      const document = discoveryDocument(path.path);
      if (!document) throw new StatusError(unknownPath());
      if (method !== 'GET' && method !== 'HEAD') throw new StatusError(methodNotAllowed());
      if ('json' in document) sendJson(response, 200, document.json);
      else sendText(response, document.text);
      return;
    }
    const isWatch = method === 'GET' && path.name === null && queryFlag(query, 'watch') === true;
    audit.verb = isWatch ? 'watch' : verbOf(method, path.name !== null);
    const sub = path.kind === 'resource' && path.subresource[0] ? `/${path.subresource[0]}` : '';
    authorizeResource(this.grants, {
      user: audit.user,
      verb: audit.verb,
      apiGroup: path.kind === 'resource' ? '' : path.apiGroup,
      resource: path.resource + sub,
      namespace: path.namespace,
      name: path.name,
    });
    if (path.kind === 'unknown-resource') throw new StatusError(unknownPath());
    if (method !== 'GET') throw new StatusError(methodNotAllowed());
    if (path.name === null) this.#collection(path.resource, path.namespace, query, response);
    else this.#object(path.resource, path.namespace, path.name, path.subresource, response);
  }

  #object(resource: ResourceName, namespace: string | null, name: string, sub: string[], response: Response): void {
    const scope = RESOURCES[resource].namespaced ? namespace : null;
    if (RESOURCES[resource].namespaced && scope === null) throw new StatusError(unknownPath());
    const object = this.#store.get(resource, scope, name);
    if (!object) throw new StatusError(notFound(resource, name));
    if (sub.length === 0 || (sub.length === 1 && sub[0] === 'status')) sendJson(response, 200, object);
    else if (resource === 'nodes' && sub[0] === 'proxy') this.#kubelet(sub.slice(1).join('/'), response);
    else throw new StatusError(unknownPath());
  }

  /** What the kubelet would answer through the API's proxy: no container is measured here. */
  #kubelet(path: string, response: Response): void {
    if (path !== 'metrics/cadvisor') throw new StatusError(unknownPath());
    response.setHeader('content-type', 'text/plain; version=0.0.4; charset=utf-8');
    response.end('# no container is measured\n');
  }

  #collection(resource: ResourceName, namespace: string | null, query: URLSearchParams, response: Response): void {
    if (namespace !== null && !RESOURCES[resource].namespaced) throw new StatusError(unknownPath());
    const options = parseListOptions(query);
    const matches = collectionMatcher(resource, namespace, options);
    if (options.watch) this.#watch(resource, matches, options, response);
    else sendJson(response, 200, serveList(this.#store, resource, matches, options));
  }

  #watch(resource: ResourceName, matches: Matcher, options: ListOptions, response: Response): void {
    response.writeHead(200, { 'content-type': 'application/json', 'cache-control': 'no-cache, private' });
    let ended = false;
    const stop = serveWatch(
      this.#store,
      {
        resource,
        matches,
        options,
        defaultTimeoutMs: this.#options.defaultWatchTimeoutMs,
        bookmarkEveryMs: this.#options.bookmarkEveryMs,
      },
      {
        write: (line) => response.write(line),
        end: () => {
          ended = true;
          this.#watches.delete(response);
          response.end();
        },
      },
    );
    if (ended) return;
    this.#watches.set(response, stop);
    // Without objects nothing has been written yet, and the client waits for the headers.
    (response as unknown as { flushHeaders(): void }).flushHeaders();
    response.once('close', () => {
      stop();
      this.#watches.delete(response);
    });
  }
}

function collectionMatcher(
  resource: ResourceName,
  namespace: string | null,
  selectors: { fieldSelector: string; labelSelector: string },
): Matcher {
  const byField = fieldMatcher(resource, selectors.fieldSelector);
  const byLabel = labelMatcher(selectors.labelSelector);
  return (object) =>
    (namespace === null || object.metadata.namespace === namespace) && byField(object) && byLabel(object);
}
