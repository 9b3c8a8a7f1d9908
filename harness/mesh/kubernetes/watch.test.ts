import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { serveList } from './list.ts';
import { parseListOptions } from './request.ts';
import { fieldMatcher } from './selectors.ts';
import { ObjectStore } from './store.ts';
import type { KubernetesObject } from './types.ts';
import { serveWatch } from './watch.ts';

const pod = (name: string, phase = 'Running'): KubernetesObject => ({
  kind: 'Pod',
  apiVersion: 'v1',
  metadata: { name, namespace: 'shop' },
  status: { phase },
});

interface Event {
  type: string;
  object: KubernetesObject & { code?: number; message?: string };
}

function watch(store: ObjectStore, query: string, fieldSelector = '') {
  const events: Event[] = [];
  let ended = false;
  const stop = serveWatch(
    store,
    {
      resource: 'pods',
      matches: fieldMatcher('pods', fieldSelector),
      options: parseListOptions(new URLSearchParams(`watch=true&${query}`)),
      defaultTimeoutMs: 100_000,
      bookmarkEveryMs: 1000,
    },
    {
      write: (line) => events.push(JSON.parse(line)),
      end: () => {
        ended = true;
      },
    },
  );
  const seen = () => events.map((e) => `${e.type} ${e.object.metadata?.name ?? ''}`.trim());
  return { events, seen, stop, ended: () => ended };
}

const STREAMING = 'sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true';

describe('watch', () => {
  let store: ObjectStore;
  beforeEach(() => {
    vi.useFakeTimers();
    store = new ObjectStore({ firstVersion: 100 });
    store.put('pods', pod('web'));
    store.put('pods', pod('cart'));
  });
  afterEach(() => vi.useRealTimers());

  it('streams the list, ends it with the annotated bookmark, then goes on', () => {
    const { events, seen } = watch(store, STREAMING);
    expect(seen()).toEqual(['ADDED cart', 'ADDED web', 'BOOKMARK']);
    expect(events[2]!.object).toMatchObject({
      kind: 'Pod',
      apiVersion: 'v1',
      metadata: { resourceVersion: '102', annotations: { 'k8s.io/initial-events-end': 'true' } },
    });
    store.put('pods', pod('web', 'Failed'));
    store.delete('pods', 'shop', 'cart');
    store.put('nodes', { kind: 'Node', apiVersion: 'v1', metadata: { name: 'n1' } });
    expect(seen().slice(3)).toEqual(['MODIFIED web', 'DELETED cart']);
    expect(events.slice(3).map((e) => e.object.metadata.resourceVersion)).toEqual(['103', '104']);
  });

  it('resumes after the version given, without initial events', () => {
    store.put('pods', pod('pay'));
    const { seen } = watch(store, 'resourceVersion=102');
    expect(seen()).toEqual(['ADDED pay']);
  });

  it('begins at whatever is at hand without a version', () => {
    expect(watch(store, '').seen()).toEqual(['ADDED cart', 'ADDED web']);
    expect(watch(store, 'resourceVersion=0').seen()).toEqual(['ADDED cart', 'ADDED web']);
    expect(watch(store, 'sendInitialEvents=false&resourceVersionMatch=NotOlderThan').seen()).toEqual([]);
  });

  it('shows an object that stops matching as deleted', () => {
    const { seen } = watch(store, STREAMING, 'status.phase=Running');
    store.put('pods', pod('web', 'Failed'));
    store.put('pods', pod('web', 'Failed'));
    store.put('pods', pod('web', 'Running'));
    expect(seen().slice(3)).toEqual(['DELETED web', 'ADDED web']);
  });

  it('says 410 in the stream when the version is too old, and ends', () => {
    store.compact();
    const { events, ended } = watch(store, 'resourceVersion=102');
    expect(events).toMatchObject([
      { type: 'ERROR', object: { code: 410, message: 'too old resource version: 102 (103)' } },
    ]);
    expect(ended()).toBe(true);
    expect(watch(store, 'resourceVersion=103').ended()).toBe(false);
  });

  it('says so when the version is yet to come', () => {
    expect(watch(store, 'resourceVersion=999').events).toMatchObject([{ type: 'ERROR', object: { code: 504 } }]);
  });

  it('keeps no more history than its limit', () => {
    const small = new ObjectStore({ firstVersion: 100, historyLimit: 2 });
    for (const name of ['a', 'b', 'c']) small.put('pods', pod(name));
    expect(watch(small, 'resourceVersion=100').events).toMatchObject([{ type: 'ERROR', object: { code: 410 } }]);
    expect(watch(small, 'resourceVersion=101').seen()).toEqual(['ADDED b', 'ADDED c']);
  });

  it('sends bookmarks in time and ends at the timeout', () => {
    const { seen, ended } = watch(store, `resourceVersion=102&allowWatchBookmarks=true&timeoutSeconds=3`);
    vi.advanceTimersByTime(2500);
    expect(seen()).toEqual(['BOOKMARK', 'BOOKMARK']);
    expect(ended()).toBe(false);
    vi.advanceTimersByTime(600);
    expect(ended()).toBe(true);
    const after = seen().length;
    store.put('pods', pod('late'));
    vi.advanceTimersByTime(10_000);
    expect(seen().length).toBe(after);
  });

  it('sends no bookmark to a client that did not allow them', () => {
    const { seen } = watch(store, 'resourceVersion=102');
    vi.advanceTimersByTime(5000);
    expect(seen()).toEqual([]);
  });
});

describe('list', () => {
  const list = (store: ObjectStore, query: string) =>
    serveList(store, 'pods', () => true, parseListOptions(new URLSearchParams(query))) as {
      kind: string;
      metadata: { resourceVersion: string; continue?: string; remainingItemCount?: number };
      items: { kind?: string; metadata: { name: string } }[];
    };
  const filled = () => {
    const store = new ObjectStore({ firstVersion: 10 });
    for (const name of ['c', 'a', 'b']) store.put('pods', pod(name));
    return store;
  };

  it('is sorted, versioned, and its items bare', () => {
    const answer = list(filled(), '');
    expect(answer).toMatchObject({ kind: 'PodList', metadata: { resourceVersion: '13' } });
    expect(answer.items.map((o) => o.metadata.name)).toEqual(['a', 'b', 'c']);
    expect(answer.items[0]).not.toHaveProperty('kind');
    expect(answer.metadata).not.toHaveProperty('continue');
  });

  it('goes on from page to page', () => {
    const store = filled();
    const first = list(store, 'limit=2');
    expect(first.items.map((o) => o.metadata.name)).toEqual(['a', 'b']);
    expect(first.metadata.remainingItemCount).toBe(1);
    const query = `limit=2&continue=${first.metadata.continue}`;
    const second = list(store, query);
    expect(second.items.map((o) => o.metadata.name)).toEqual(['c']);
    expect(second.metadata).not.toHaveProperty('continue');
    store.compact();
    expect(() => list(store, query)).toThrow('The provided continue parameter is too old');
  });

  it('refuses versions that are gone, or yet to come', () => {
    const store = filled();
    expect(() => list(store, 'resourceVersion=14')).toThrow('Too large resource version: 14, current: 13');
    store.compact();
    expect(() => list(store, 'resourceVersion=13&resourceVersionMatch=Exact')).toThrow(
      'too old resource version: 13 (14)',
    );
    expect(list(store, 'resourceVersion=13&resourceVersionMatch=NotOlderThan').items).toHaveLength(3);
  });
});
