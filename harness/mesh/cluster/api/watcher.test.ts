import { afterEach, describe, expect, it } from 'vitest';
import { waitFor } from '../../../core/wait.ts';
import { ApiError } from './client.ts';
import { Watcher } from './watcher.ts';

/** A stand-in for the API: what it is asked, and what it answers, an answer for each question. */
class Api {
  readonly asked: string[] = [];
  lists: (() => unknown)[] = [];
  watches: (() => Iterable<unknown> | AsyncIterable<unknown>)[] = [];

  async request<T>(_method: string, path: string): Promise<T> {
    this.asked.push(path);
    const answer = this.lists.shift();
    if (!answer) throw new Error('no more lists');
    return answer() as T;
  }

  async *lines(path: string, signal: AbortSignal): AsyncGenerator<string> {
    this.asked.push(path);
    const events = this.watches.shift();
    for await (const event of events?.() ?? []) yield JSON.stringify(event);
    // The last watch stays open.
    if (!events || this.watches.length === 0) {
      await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
    }
  }

  get versions(): (string | null)[] {
    return this.asked
      .filter((path) => path.includes('watch=true'))
      .map((path) => new URL(path, 'http://x').searchParams.get('resourceVersion'));
  }
}

const object = (name: string, resourceVersion: string) => ({ metadata: { namespace: 'shop', name, resourceVersion } });
const list =
  (version: string, ...names: string[]) =>
  () => ({
    metadata: { resourceVersion: version },
    items: names.map((name) => object(name, version)),
  });
const event = (type: string, name: string, version: string) => ({ type, object: object(name, version) });
const gone = { type: 'ERROR', object: { metadata: {}, code: 410, message: 'too old resource version' } };

let watcher: Watcher<string> | undefined;
let failures: string[];
afterEach(() => watcher?.[Symbol.dispose]());

function start(api: Api, optional = false): Watcher<string> {
  failures = [];
  watcher = new Watcher({
    ...{ api, path: '/api/v1/pods', optional },
    pick: (picked) => (picked as ReturnType<typeof object>).metadata.name,
    changed: () => {},
    failed: (error) => failures.push(error.message),
    backoffMs: { min: 1, max: 2 },
  });
  return watcher;
}

const until = (what: string, probe: () => boolean) =>
  waitFor(() => probe() || undefined, { what, deadlineMs: 5000, everyMs: 1, hint: '' });
const names = () => [...watcher!.values()].sort();

describe('Watcher', () => {
  it('lists, then follows from the version of the list', async () => {
    const api = new Api();
    api.lists = [list('5', 'a', 'b')];
    api.watches = [() => [event('ADDED', 'c', '6'), event('DELETED', 'a', '7'), event('MODIFIED', 'b', '8')]];
    await start(api).synced;
    await until('the events', () => names().join() === 'b,c');
    expect(watcher!.get('shop', 'c')).toBe('c');
    expect(api.asked[1]).toContain('allowWatchBookmarks=true');
    expect(api.versions).toEqual(['5']);
    expect(failures).toEqual([]);
  });

  it('takes a collection that the server does not know for an empty one, where that may be', async () => {
    const api = new Api();
    api.lists = [
      () => {
        throw new ApiError(404, 'GET /api/v1/pods', 'the server could not find the requested resource');
      },
    ];
    const [unknown] = api.lists;
    await start(api, true).synced;
    expect(names()).toEqual([]);
    expect(failures).toEqual([]);
    expect(api.versions).toEqual([]);
    watcher?.[Symbol.dispose]();
    api.lists = [unknown!, list('5', 'a')];
    await start(api).synced;
    expect(failures).toHaveLength(1);
    expect(names()).toEqual(['a']);
  });

  it('reads a list of several pages', async () => {
    const api = new Api();
    const first = { metadata: { resourceVersion: '5', continue: 'next page' }, items: [object('a', '1')] };
    api.lists = [() => first, list('5', 'b')];
    await start(api).synced;
    expect(names()).toEqual(['a', 'b']);
    expect(new URL(api.asked[1]!, 'http://x').searchParams.get('continue')).toBe('next page');
  });

  it('goes on from the last event or bookmark when a watch ends', async () => {
    const api = new Api();
    api.lists = [list('5', 'a')];
    api.watches = [
      () => [event('ADDED', 'b', '6')],
      () => [{ type: 'BOOKMARK', object: { metadata: { resourceVersion: '40' } } }],
      () => [],
    ];
    start(api);
    await until('the third watch', () => api.versions.length === 3);
    expect(api.versions).toEqual(['5', '6', '40']);
    expect(names()).toEqual(['a', 'b']);
    expect(failures).toEqual([]);
  });

  it.each([
    ['in the stream', () => [gone]],
    [
      'as an answer',
      () => {
        throw new ApiError(410, 'GET /api/v1/pods', '');
      },
    ],
  ])('lists anew when its version is gone, said %s', async (_, watch) => {
    const api = new Api();
    api.lists = [list('5', 'a', 'b'), list('9', 'b', 'c')];
    api.watches = [watch, () => [event('ADDED', 'd', '10')]];
    start(api);
    await until('the second list', () => names().join() === 'b,c,d');
    expect(api.versions).toEqual(['5', '9']);
    expect(failures).toEqual([]);
  });

  it('lists anew when the server has begun another life, and says so', async () => {
    const api = new Api();
    api.lists = [list('500', 'a'), list('2', 'b')];
    api.watches = [() => [{ type: 'ERROR', object: { metadata: {}, code: 504, message: 'Too large' } }], () => []];
    start(api);
    await until('the second list', () => names().join() === 'b');
    expect(failures).toEqual(['the API server ended a watch: Too large']);
  });

  it('says what failed, keeps what it knows, and tries again from there', async () => {
    const api = new Api();
    api.lists = [list('5', 'a')];
    api.watches = [
      async function* () {
        yield event('ADDED', 'b', '6');
        throw new Error('socket hang up');
      },
      () => [event('ADDED', 'c', '7')],
    ];
    start(api);
    await until('the second watch', () => names().includes('c'));
    expect(names()).toEqual(['a', 'b', 'c']);
    expect(api.versions).toEqual(['5', '6']);
    expect(failures).toEqual(['socket hang up']);
  });

  it('is not in step before the first list', async () => {
    const api = new Api();
    let refusals = 0;
    const refuse = () => {
      refusals++;
      throw new ApiError(403, 'GET /api/v1/pods', '{"message":"pods is forbidden"}');
    };
    api.lists = [refuse, refuse, list('5', 'a')];
    let synced = false;
    void start(api).synced.then(() => {
      synced = refusals === 2;
    });
    await until('the list', () => names().length === 1);
    expect(synced).toBe(true);
    expect(failures).toEqual(Array(2).fill('GET /api/v1/pods: status 403: pods is forbidden'));
  });

  it('asks no more when it is disposed', async () => {
    const api = new Api();
    api.lists = [list('5', 'a')];
    const started = start(api);
    await until('the watch', () => api.versions.length === 1);
    started[Symbol.dispose]();
    await new Promise((resolve) => setImmediate(resolve));
    expect(api.asked).toHaveLength(2);
    expect(failures).toEqual([]);
  });
});
