import type { ListOptions } from './request.ts';
import type { Matcher } from './selectors.ts';
import { expired, type Status, tooLarge } from './status.ts';
import type { ObjectStore, StoreEvent } from './store.ts';
import { type KubernetesObject, RESOURCES, type ResourceName } from './types.ts';

/** Where a watch writes: the body of a response. */
export interface WatchSink {
  write(line: string): void;
  /** Ends it as a server does when the time is over. */
  end(): void;
}

export interface WatchRequest {
  resource: ResourceName;
  /** Namespace and selectors. */
  matches: Matcher;
  options: ListOptions;
  /** Used when the client names no timeout. */
  defaultTimeoutMs: number;
  bookmarkEveryMs: number;
}

/** The annotation on the bookmark that ends the initial events of a streaming list. */
export const INITIAL_EVENTS_END = 'k8s.io/initial-events-end';

/**
 * Serves one watch until its timeout. As with a real API server a version that is too old is told in the stream, as an ERROR
 * event with a 410 Status. Returns what stops it when the client has gone.
 */
export function serveWatch(store: ObjectStore, request: WatchRequest, sink: WatchSink): () => void {
  const { resource, matches, options } = request;
  const send = (type: string, object: unknown) => sink.write(`${JSON.stringify({ type, object })}\n`);
  const refuse = (status: Status) => {
    send('ERROR', status);
    sink.end();
    return () => {};
  };

  const asked = options.resourceVersion;
  const plain = asked !== null && asked !== 0 && options.sendInitialEvents !== true;
  if (asked !== null && asked > store.version) return refuse(tooLarge(asked, store.version));
  if (plain && asked < store.oldest) return refuse(expired(asked, store.oldest));

  const forward = (event: StoreEvent) => {
    if (event.resource !== resource) return;
    const type = visibleType(event, matches);
    if (type) send(type, event.object);
  };
  const bookmark = (annotations?: Record<string, string>) => {
    if (!options.allowWatchBookmarks) return;
    send('BOOKMARK', bookmarkObject(resource, store.version, annotations));
  };

  if (plain) for (const event of store.since(resource, asked)) forward(event);
  else if (options.sendInitialEvents !== false) {
    for (const object of store.list(resource)) if (matches(object)) send('ADDED', object);
    if (options.sendInitialEvents) bookmark({ [INITIAL_EVENTS_END]: 'true' });
  }

  const unsubscribe = store.subscribe(forward);
  const bookmarks = setInterval(bookmark, request.bookmarkEveryMs);
  const timeout = setTimeout(() => {
    bookmark();
    stop();
    sink.end();
  }, options.timeoutMs ?? request.defaultTimeoutMs);
  const stop = () => {
    unsubscribe();
    clearInterval(bookmarks);
    clearTimeout(timeout);
  };
  return stop;
}

/** How a change looks through a selector: an object that stops matching is deleted as far as this watch can see. */
function visibleType(event: StoreEvent, matches: Matcher): StoreEvent['type'] | null {
  const before = event.previous !== null && matches(event.previous);
  const after = event.type !== 'DELETED' && matches(event.object);
  if (before && after) return 'MODIFIED';
  if (after) return 'ADDED';
  return before ? 'DELETED' : null;
}

function bookmarkObject(
  resource: ResourceName,
  version: number,
  annotations?: Record<string, string>,
): Omit<KubernetesObject, 'metadata'> & { metadata: unknown } {
  return {
    kind: RESOURCES[resource].kind,
    apiVersion: 'v1',
    metadata: { resourceVersion: String(version), creationTimestamp: null, ...(annotations && { annotations }) },
    spec: {},
    status: {},
  };
}
