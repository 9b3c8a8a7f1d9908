import { once } from 'node:events';
import { openHttp } from './callers.ts';
import type { MeshEvent } from './types.ts';
import type { World } from './world.ts';

const answered = (
  status: number,
  more: Partial<MeshEvent> = {},
): Pick<MeshEvent, 'run' | 'saw'> & Partial<MeshEvent> => ({
  run: (world) => world.http(`/${status}`),
  saw: String(status),
  ...more,
});

/** A client that goes away: before its answer's head, or when it has the first bytes of the body. */
async function leave(world: World, path: string, when: 'before headers' | 'in the body'): Promise<string> {
  const { request, head } = openHttp(world.client.outbound, path);
  head.catch(() => {});
  request.end();
  if (when === 'in the body') {
    const response = await head;
    response.on('error', () => {});
    await once(response, 'data');
  } else await world.arrived();
  request.destroy();
  return 'left';
}

export const HTTP_EVENTS: MeshEvent[] = [
  {
    id: 'success',
    group: 'Answers of the app',
    title: 'Plain success',
    text: 'A GET, answered with 200.',
    ...answered(200),
  },
  {
    id: 'success-post',
    group: 'Answers of the app',
    title: 'A request with a body',
    text: 'A POST, answered with 200. request_total waits for the first frame of the body, so the end is the same.',
    run: (world) => world.http('/200', { method: 'POST', body: 'hello' }),
    saw: '200',
  },
  {
    id: 'client-error',
    group: 'Answers of the app',
    title: '4xx',
    text: 'Answered with 404. All 4xx are successes.',
    ...answered(404),
  },
  {
    id: 'server-error',
    group: 'Answers of the app',
    title: '5xx',
    text: 'Answered with 503.',
    ...answered(503),
  },
  {
    id: 'abandoned-before-headers',
    group: 'Requests that are given up',
    title: 'Client abandons before headers',
    text: "The app has the request and does not answer; the client's app closes its connection.",
    run: (world) => leave(world, '/hang', 'before headers'),
    saw: 'left',
  },
  {
    id: 'abandoned-mid-body',
    group: 'Requests that are given up',
    title: 'Client abandons mid-body',
    text: "The answer's head and first bytes have arrived; the client's app closes its connection.",
    run: (world) => leave(world, '/stream', 'in the body'),
    saw: 'left',
  },
  {
    id: 'app-reset',
    group: 'Apps that break off',
    title: 'App resets before headers',
    text: 'The app resets the connection on which the request came.',
    run: (world) => world.http('/reset'),
    saw: '502',
  },
  {
    id: 'app-close',
    group: 'Apps that break off',
    title: 'App closes without an answer',
    text: 'The app closes the connection on which the request came.',
    run: (world) => world.http('/close'),
    saw: '500',
  },
  {
    id: 'app-abort',
    group: 'Apps that break off',
    title: 'App aborts mid-body',
    text: "The answer's head and first bytes have been sent; then the app closes the connection.",
    run: (world) => world.http('/abort'),
    saw: '200 cut off',
  },
  {
    id: 'app-refused',
    group: 'Apps and endpoints that are not there',
    title: 'Connection refused by the app',
    text: "Nothing listens on the app's port; its proxy is there.",
    prepare: (world) => world.app[Symbol.asyncDispose](),
    run: (world) => world.http('/200'),
    saw: '502',
  },
  {
    id: 'app-refused-post',
    group: 'Apps and endpoints that are not there',
    title: 'Connection refused by the app, of a request with a body',
    text: 'The body is never polled at the server, so that its request_total does not move.',
    prepare: (world) => world.app[Symbol.asyncDispose](),
    run: (world) => world.http('/200', { method: 'POST', body: 'hello' }),
    saw: '502',
  },
  {
    id: 'endpoint-refused',
    group: 'Apps and endpoints that are not there',
    title: 'Connection refused by the endpoint',
    text: "The port skips the server's proxy, and nothing listens on it: the client's proxy itself is refused.",
    world: { skipsInbound: true },
    prepare: (world) => world.app[Symbol.asyncDispose](),
    run: (world) => world.http('/200'),
    saw: '502',
  },
  {
    id: 'failfast',
    group: 'Apps and endpoints that are not there',
    title: 'No ready endpoint: failfast',
    text: 'The Service has no endpoint. The first request waits for 3 s.',
    run: (world) => world.http('/200', { host: 'nobody.shop' }),
    saw: '504',
  },
  {
    id: 'load-shed',
    group: 'Apps and endpoints that are not there',
    title: 'No ready endpoint: load shed',
    text: 'The next request to that Service, as long as it has no endpoint, is refused at once.',
    prepare: (world) => world.http('/200', { host: 'nobody.shop' }).then(() => {}),
    run: (world) => world.http('/200', { host: 'nobody.shop' }),
    saw: '503',
  },
  {
    id: 'circuit-breaker',
    group: 'Apps and endpoints that are not there',
    title: 'Circuit breaker open',
    text: 'Failure accrual takes the only endpoint out after one 503; the next request waits for 3 s and fails fast.',
    world: {
      policy: { failureAccrual: { maxFailures: 1, minPenaltyMs: 60_000, maxPenaltyMs: 60_000, jitterRatio: 0 } },
    },
    prepare: (world) => world.http('/503').then(() => {}),
    run: (world) => world.http('/200'),
    saw: '504',
  },
];
