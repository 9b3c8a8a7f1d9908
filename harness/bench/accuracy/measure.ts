import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { epochMs } from '../../core/clock.ts';
import { seededRandom } from '../../mesh/proxy/random.ts';
import type { PrometheusClient } from '../../prometheus/client.ts';
import { REMOTE_WRITE_ARG, remoteWrite } from '../../prometheus/remote-write.ts';
import { startPrometheus } from '../../prometheus/server.ts';
import type { AccuracyPoint } from '../../result/bench/types.ts';
import { deviation } from './deviation.ts';
import { type AccuracyQuery, accuracyQueries, windowsOf } from './queries.ts';
import { kindsOfTraffic, type Stream, streamOf } from './traffic.ts';
import { type Truth, truthOf } from './truth.ts';
import type { AccuracyOptions } from './types.ts';
import { scraped, scrapeTimes } from './virtual-scrape.ts';

const INTERVALS_MS = [5_000, 10_000, 15_000, 30_000, 60_000];
const SPAN_MS = 3_600_000;
/** Before the first evaluation: the longest window, and a scrape of the longest interval before it. */
const LEAD_MS = 6 * 60_000;
/** Between evaluations: no interval divides it, so that they meet all phases between two scrapes. */
const STEP_MS = 13_700;

/**
 * What a scrape interval does to answers: streams of responses that are exactly known drive the counters of a proxy, which are
 * scraped at each interval; a real Prometheus is asked what people ask, at many instants, and its answers are compared with the
 * truth of the same windows. It is one pod's traffic: over many pods, whose scrapes are not in step, errors are smaller.
 *
 * The hour passes in virtual time: the samples are written through Prometheus' remote-write receiver, stamped as scrapes would
 * have stamped them. All that PromQL sees of a scrape is what it left in the store, and that is the values and the time, so
 * nothing is lost by not waiting; `real-scrape.integration.test.ts` checks it against a real scrape.
 *
 * An evaluation counts where its window held at least one response; NaN is no answer.
 * @throws HarnessError REMOTE_WRITE, those of startPrometheus and of its client
 */
export async function measureAccuracy(options: AccuracyOptions): Promise<AccuracyPoint[]> {
  const { seed, signal, progress = () => {} } = options;
  const spanMs = LEAD_MS + (options.spanMs ?? SPAN_MS);
  const intervals = options.intervalsMs ?? INTERVALS_MS;
  await using prometheus = await started(options);
  // Whole: stamps are.
  const originMs = Math.floor(epochMs()) - spanMs;
  const instants = instantsOf(spanMs);
  const streams = kindsOfTraffic(seededRandom(`${seed} bursts`), spanMs).map((kind) => streamOf(kind, spanMs, seed));
  progress(`accuracy: ${Math.round(spanMs / 60_000)} minutes of scrapes are written`);
  const series = streams.flatMap((stream) =>
    intervals.flatMap((intervalMs) => {
      const times = scrapeTimes(intervalMs, spanMs, `${seed} ${stream.name} ${intervalMs}`);
      return scraped(stream, times, { ...targetOf(stream, intervalMs), pod: 'web-5d9f8-x1' }, originMs);
    }),
  );
  // All at once: what is an hour older than the newest sample is refused, whichever series that is of.
  await remoteWrite(prometheus.url, series, signal);
  const points: AccuracyPoint[] = [];
  for (const stream of streams) {
    progress(`accuracy: ${stream.name}`);
    const truth = truths(stream, instants);
    for (const intervalMs of intervals) {
      for (const windowMs of windowsOf(intervalMs)) {
        for (const query of accuracyQueries(targetOf(stream, intervalMs), windowMs)) {
          signal.throwIfAborted();
          const answers = await answersOf(prometheus.client, query.expr, originMs, instants);
          points.push({ intervalMs, traffic: stream.name, windowMs, ...compared(query, answers, truth(windowMs)) });
        }
      }
    }
  }
  return points;
}

async function started({ dir, tool, host = '127.0.0.1', signal }: AccuracyOptions) {
  await mkdir(dir, { recursive: true });
  const configFile = join(dir, 'prometheus.yml');
  await writeFile(configFile, 'scrape_configs: []\n');
  return startPrometheus({
    tool,
    configFile,
    dataDir: join(dir, 'data'),
    listen: { host, port: await freePort(host) },
    logFile: join(dir, 'prometheus.log'),
    args: [REMOTE_WRITE_ARG],
    signal,
  });
}

async function freePort(host: string): Promise<number> {
  const probe = createServer().listen(0, host);
  await once(probe, 'listening');
  const address = probe.address();
  probe.close();
  await once(probe, 'close');
  return typeof address === 'object' && address ? address.port : 0;
}

/** Labels by which queries select a stream's pod, as it is scraped at an interval. */
function targetOf({ name }: Stream, intervalMs: number): Record<string, string> {
  return { job: `every-${intervalMs / 1000}s`, namespace: 'shop', deployment: name.replace(/[^a-z0-9]+/g, '-') };
}

/** ms from the stream's zero. */
function instantsOf(spanMs: number): number[] {
  const instants: number[] = [];
  for (let at = LEAD_MS; at < spanMs; at += STEP_MS) instants.push(at);
  return instants;
}

/** Of a window at all instants; worked out once for all intervals. */
function truths(stream: Stream, instants: readonly number[]): (windowMs: number) => (Truth | null)[] {
  const of = truthOf(stream);
  const known = new Map<number, (Truth | null)[]>();
  return (windowMs) => {
    const all = known.get(windowMs) ?? instants.map((at) => of(at, windowMs));
    known.set(windowMs, all);
    return all;
  };
}

/** One for each instant; null: no answer. */
async function answersOf(
  client: PrometheusClient,
  expr: string,
  originMs: number,
  instants: readonly number[],
): Promise<(number | null)[]> {
  const seconds = (ms: number) => ((originMs + ms) / 1000).toFixed(3);
  const query = new URLSearchParams({
    query: expr,
    start: seconds(instants[0]!),
    end: seconds(instants.at(-1)!),
    step: (STEP_MS / 1000).toFixed(3),
  });
  const data = (await client.read(`/api/v1/query_range?${query}`)) as {
    result: { values: [number, string][] }[];
  };
  const byTime = new Map((data.result[0]?.values ?? []).map(([t, v]) => [Math.round(t * 1000), Number(v)]));
  return instants.map((at) => {
    const value = byTime.get(originMs + at);
    return value === undefined || !Number.isFinite(value) ? null : value;
  });
}

function compared(
  { metric, expr, truth, absolute }: AccuracyQuery,
  answers: readonly (number | null)[],
  truths: readonly (Truth | null)[],
): Pick<AccuracyPoint, 'metric' | 'expr' | 'evaluations' | 'empty' | 'error'> {
  const errors: number[] = [];
  let empty = 0;
  for (const [i, answer] of answers.entries()) {
    const real = truths[i];
    if (!real) continue;
    const wanted = truth(real);
    if (answer === null) empty += 1;
    else errors.push(absolute ? answer - wanted : (answer - wanted) / wanted);
  }
  return { metric, expr, evaluations: errors.length + empty, empty, error: deviation(errors) };
}
