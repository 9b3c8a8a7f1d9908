import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { epochMs } from '../core/clock.ts';
import { HarnessError, InterruptedError } from '../core/errors.ts';
import type { RunningEnvironment } from '../environment/contract.ts';
import { observe } from './observe.ts';

/** A Prometheus that stores scrapes of one proxy at the times it is given; it answers no more than `observe` asks. */
let prometheus: Server;
/** Times of ours. */
let stored: number[];
/** How far its clock is ahead of ours. */
let aheadMs: number;
let job: string;
let asked: string[];
/** When it was asked for its time, and when it had said it; by our clock. */
let looks: { askedMs: number; saidMs: number }[];
let url: string;
beforeEach(async () => {
  stored = [];
  aheadMs = 0;
  asked = [];
  looks = [];
  job = 'linkerd-proxy';
  prometheus = createServer(async (request, response) => {
    const askedMs = epochMs();
    let body = '';
    for await (const chunk of request) body += chunk;
    const form = new URLSearchParams(body);
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ status: 'success', data: answer(form.get('query')!, Number(form.get('time'))) }));
    if (form.get('query') === 'time()') looks.push({ askedMs, saidMs: epochMs() });
  }).listen(0, '127.0.0.1');
  await once(prometheus, 'listening');
  url = `http://127.0.0.1:${(prometheus.address() as AddressInfo).port}`;
});

function answer(query: string, at: number): object {
  asked.push(query);
  if (query === 'time()') return { resultType: 'scalar', result: [Math.floor(epochMs() + aheadMs) / 1000, ''] };
  const metric = { __name__: 'up', job, namespace: 'shop', pod: 'web-0', instance: PAGE.instance };
  const seconds = stored.map((t) => (t + aheadMs) / 1000).filter((t) => t <= at);
  const last = seconds.at(-1);
  const vector = (value: number | undefined) => ({
    resultType: 'vector',
    result: value === undefined ? [] : [{ metric, value: [at, String(value)] }],
  });
  if (query.startsWith('count by')) return vector(last && seconds.length);
  if (query.startsWith('timestamp(')) return vector(query.includes(`"${job}"`) ? last : undefined);
  const isUp = query.startsWith(`up{job="${job}"`) && last !== undefined;
  return { resultType: 'matrix', result: isUp ? [{ metric, values: seconds.map((t) => [t, '1']) }] : [] };
}

afterEach(() => {
  prometheus.closeAllConnections();
  prometheus.close();
});

const LOAD = 'H,2,meshproof%2Fload,load-0,0,1000.000\nZ,9000.000\n';
const H = 'H,2,shop%2Fweb,web-0,0,1000.000\n';
const OPEN = 'S,1,2000.000,meshproof%2Fload,GET,%2F\n';
const END = 'E,1,2001.000,200,2001.000,\n';
const PROBE = 'S,2,2000.000,-,GET,other\n';

const PAGE = { namespace: 'shop', pod: 'web-0', instance: '10.0.0.1:4191', fromMs: 1, untilMs: 2 };
const page = (count: number) =>
  `# HELP request_total x\n# TYPE request_total counter\nrequest_total{direction="inbound",tls="true"} ${count}\n# EOF\n`;

interface Fake {
  /** What the service's journal says, look after look; the last stays. */
  journals: string[][];
  check?: () => void;
  onPages?: () => void;
  /** What the proxies' pages count, reading after reading; the last stays. */
  counts?: number[];
  /** What is said where the page should be. */
  unread?: string;
  signal?: AbortSignal;
}

function run({
  journals,
  check = () => {},
  onPages = () => {},
  counts = [7],
  unread,
  signal = new AbortController().signal,
}: Fake) {
  const log: string[] = [];
  const env = {
    prometheusUrl: url,
    topology: { controlPlaneNamespace: 'linkerd', pods: [{ instance: PAGE.instance }] },
    check,
    async readJournals() {
      log.push('journals');
      return journals.length > 1 ? journals.shift()! : journals[0]!;
    },
    async clockMarginMs() {
      return { marginMs: 1.5, reason: 'told' };
    },
    async readProxyPages() {
      log.push('pages');
      const count = counts.length > 1 ? counts.shift()! : counts[0]!;
      onPages();
      const { fromMs: _from, untilMs: _until, ...proxy } = PAGE;
      if (unread !== undefined) return { pages: [], unread: [{ ...proxy, error: unread }] };
      return { pages: [{ ...PAGE, text: page(count) }], unread: [] };
    },
  } as unknown as RunningEnvironment;
  return { log, seen: observe(env, { loadJournal: LOAD, originMs: 1500, scrapeIntervalMs: 20, signal }) };
}

/**
 * Longer than the shortest look at its clock took, as seen from where it was asked: that began after the look before was answered,
 * and ended before the next arrived. So well is the offset known; the rest are the margins that do not depend on the machine.
 */
function shortestLookMs(): number {
  expect(looks.length).toBeGreaterThan(2);
  return Math.min(...looks.slice(2).map(({ askedMs }, i) => askedMs - looks[i]!.saidMs));
}
/** What the environment tells, whole milliseconds, and the slack of Prometheus' stamps. */
const OTHER_MARGINS_MS = 10;

/** A scrape of before, and another a little later. */
function scrapes(): void {
  if (stored.length > 0) return;
  stored.push(epochMs() - 500);
  setTimeout(() => stored.push(epochMs()), 400);
}

describe('observing', () => {
  it('waits until nothing is in flight, reads the pages, then waits for one more scrape', async () => {
    const before = epochMs();
    const { log, seen } = run({ journals: [[H + OPEN], [H + OPEN], [H + OPEN + END]], onPages: scrapes });
    const observation = await seen;
    // Two readings that agree, and the one that counts.
    expect(log).toEqual(['journals', 'journals', 'journals', 'pages', 'pages', 'pages']);
    expect(observation.truth.map((journal) => journal.workload)).toEqual(['shop/web', 'meshproof/load']);
    expect(observation.truth[0]!.served).toMatchObject([{ outcome: 'completed' }]);
    expect(observation.quietFromMs).toBeGreaterThanOrEqual(before);
    expect([observation.clockMarginMs, observation.clockReason]).toEqual([1.5, 'told']);
    const [target] = observation.prometheus.targets;
    // The first scrape is of before the quiet; only the second proves that it is over.
    expect(target!.scrapes.at(-1)!.t).toBeGreaterThanOrEqual(Math.floor(observation.quietFromMs + 1.5));
    expect(target!.scrapes).toHaveLength(2);
  });

  it('waits until no TCP connection is open, on either side', async () => {
    const [accepted, made] = ['O,1,2000.000\n', 'o,1,2000.000,shop%2Fdb\n'];
    const [closed, left] = ['C,1,2001.000,shop%2Fweb,9,9,closed\n', 'c,1,2001.000,9,9,closed,db-0\n'];
    const journals = [[H + accepted], [H + accepted + closed + made], [H + accepted + closed + made + left]];
    const { log, seen } = run({ journals, onPages: scrapes });
    await seen;
    expect(log.slice(0, 4)).toEqual(['journals', 'journals', 'journals', 'pages']);
  });

  it('does not wait for probes, nor for what a killed incarnation left open', async () => {
    const killed = H + OPEN;
    const alive = 'H,2,shop%2Fweb,web-0,1,3000.000\n';
    const { log, seen } = run({ journals: [[killed + alive + PROBE]], onPages: scrapes });
    expect((await seen).truth.map((journal) => journal.incarnation)).toEqual(['0', '1', '0']);
    expect(log).toEqual(['journals', 'pages', 'pages', 'pages']);
  });

  it('waits until the proxies have counted what has ended', async () => {
    const { log, seen } = run({ journals: [[H + OPEN + END]], onPages: scrapes, counts: [5, 6, 7] });
    const [series] = (await seen).proxy.series;
    expect(series!.samples.map((s) => s.v)).toEqual([7]);
    expect(log.filter((entry) => entry === 'pages')).toHaveLength(5);
  });

  it('leaves a target that is scraped no more to the verdict', async () => {
    stored.push(epochMs() - 60_000);
    const observation = await run({ journals: [[H]] }).seen;
    expect(observation.prometheus.targets[0]!.scrapes).toHaveLength(1);
  });

  it('goes on without a page that can not be read', async () => {
    const { unread, proxy } = await run({ journals: [[H]], onPages: scrapes, unread: 'connect ECONNREFUSED' }).seen;
    expect(unread).toMatchObject([{ namespace: 'shop', pod: 'web-0', error: 'connect ECONNREFUSED' }]);
    expect(proxy.targets).toEqual([]);
  });

  it('says of a page that it is none', async () => {
    const { unread } = await run({ journals: [[H]], onPages: scrapes, counts: ['{' as never] }).seen;
    expect(unread).toEqual([
      { namespace: 'shop', pod: 'web-0', instance: PAGE.instance, error: expect.stringContaining('line 3') },
    ]);
  });

  it('does not wait for scrapes where nothing is scraped', async () => {
    const { prometheus: ledger } = await run({ journals: [[H]] }).seen;
    expect(ledger.targets).toEqual([]);
    expect(asked.filter((query) => query.startsWith('timestamp('))).toEqual([]);
  });

  it('finds the proxies under another job', async () => {
    job = 'linkerd/linkerd-proxy';
    const { prometheus: ledger } = await run({ journals: [[H]], onPages: scrapes }).seen;
    expect(ledger.targets).toMatchObject([{ job, pod: 'web-0', scrapes: [{}, {}] }]);
  });

  it.each([90_000, -90_000])(
    'takes the stamps of a clock that is %d ms ahead for what they are by ours',
    async (ahead) => {
      aheadMs = ahead;
      const observation = await run({ journals: [[H]], onPages: scrapes }).seen;
      const [target] = observation.prometheus.targets;
      expect(target!.scrapes).toHaveLength(2);
      for (const [index, scrape] of target!.scrapes.entries()) {
        // Within its margin, which is one of how well the offset is known.
        expect(scrape.fromMs).toBeLessThanOrEqual(stored[index]!);
        expect(scrape.untilMs).toBeGreaterThanOrEqual(stored[index]!);
        expect(scrape.untilMs - scrape.fromMs).toBeLessThan(shortestLookMs() + OTHER_MARGINS_MS);
      }
      // That it is off stays to be said.
      expect(Math.abs(observation.clockMarginMs)).toBeGreaterThan(80_000);
      expect(observation.clockReason).toMatch(/^Prometheus' clock is \d+ ms (?:ahead|behind); told$/);
    },
  );

  it('ends at once when a part has died', async () => {
    const died = new HarnessError('CHILD_DIED', 'shop/web: it ended', { hint: '' });
    let looks = 0;
    const { log, seen } = run({
      journals: [[H + OPEN]],
      check: () => {
        looks += 1;
        if (looks === 3) throw died;
      },
    });
    await expect(seen).rejects.toBe(died);
    expect(log).toEqual(['journals', 'journals']);
  });

  it('ends when it is interrupted', async () => {
    const stop = new AbortController();
    const { seen } = run({ journals: [[H + OPEN]], signal: stop.signal });
    const reason = new InterruptedError('SIGTERM');
    stop.abort(reason);
    await expect(seen).rejects.toBe(reason);
  });
});
