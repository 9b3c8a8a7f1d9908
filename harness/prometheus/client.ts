import { Agent, fetch, type RequestInit } from 'undici';
import { epochMs } from '../core/clock.ts';
import { describe, HarnessError } from '../core/errors.ts';
import { type Credentials, credentialsOf, type PrometheusAccess } from './access.ts';
import { promDuration } from './duration.ts';
import { MultipleSamplesError, NoSampleError } from './errors.ts';

export type Labels = Record<string, string>;

export interface VectorSample {
  labels: Labels;
  /** Epoch ms. */
  t: number;
  v: number;
}

export interface MatrixSeries {
  labels: Labels;
  /** Ascending; stale markers are not among them. */
  samples: { t: number; v: number }[];
}

export interface ActiveTarget {
  scrapePool: string;
  labels: Labels;
  discoveredLabels: Labels;
  scrapeUrl: string;
  health: 'up' | 'down' | 'unknown';
  /** Empty when the last scrape went well. */
  lastError: string;
  /** RFC 3339; in the year 1 before the first scrape. It is set a moment before the scrape's samples can be queried. */
  lastScrape: string;
  lastScrapeDurationMs: number;
}

export interface DroppedTarget {
  scrapePool: string;
  discoveredLabels: Labels;
}

export interface PrometheusClientOptions {
  /** Of each call. Default 30 s. */
  deadlineMs?: number;
  access?: PrometheusAccess;
  /** How far its clock is ahead of ours, whole ms: times of queries and samples are then given and taken by ours. Default 0. */
  aheadMs?: number;
  /** How queries are sent. Default POST, which takes any length; with GET nothing else is sent at all. */
  method?: 'GET' | 'POST';
  /** Told of every request, once it is over. `outcome`: the status, or the code of what went wrong. */
  onRequest?: (request: { method: string; url: string; outcome: number | string }) => void;
}

/**
 * Prometheus' HTTP API. Times are epoch ms. Each call throws HarnessError PROMETHEUS_UNREACHABLE or PROMETHEUS_ERROR. It goes
 * where it was told to, and to no address that an answer names: what it is let in with stays between the two.
 */
export class PrometheusClient {
  /** Without user and password. */
  readonly url: string;
  /** Added to the times of queries, and taken off those of samples. */
  readonly aheadMs: number;
  readonly #deadlineMs: number;
  readonly #credentials: Credentials;
  readonly #agent: Agent | undefined;
  readonly #options: PrometheusClientOptions;
  readonly #given: string;

  /** @throws HarnessError BAD_PROMETHEUS_ACCESS */
  constructor(url: string, options: PrometheusClientOptions = {}) {
    this.#options = options;
    this.#given = url;
    this.aheadMs = options.aheadMs ?? 0;
    this.#deadlineMs = options.deadlineMs ?? 30_000;
    this.#credentials = credentialsOf(url, options.access ?? {});
    this.url = this.#credentials.url;
    this.#agent = agentOf(options.access?.tls);
  }

  /** An instant query that yields a vector or a scalar; a scalar is one sample without labels. */
  async query(expr: string, atMs: number): Promise<VectorSample[]> {
    const data = await this.#query(expr, atMs);
    if (data.resultType === 'scalar') return [{ labels: {}, ...this.#sample(data.result as RawSample) }];
    if (data.resultType === 'vector')
      return (data.result as RawVector).map(({ metric, value }) => ({ labels: metric, ...this.#sample(value) }));
    throw unexpected(expr, data.resultType, 'a vector or a scalar');
  }

  /** The one value of a query. NaN is a value. @throws NoSampleError, MultipleSamplesError */
  async queryScalar(expr: string, atMs: number): Promise<number> {
    const samples = await this.query(expr, atMs);
    if (samples.length > 1) throw new MultipleSamplesError(expr, atMs, samples.length);
    const [sample] = samples;
    if (!sample) throw new NoSampleError(expr, atMs);
    return sample.v;
  }

  /**
   * Samples of `selector` as they were stored, each with its own time, of (atMs - rangeMs, atMs]: open on the left, as everywhere
   * in Prometheus 3; what 2 gives of the edge is left out.
   */
  async rawSamples(selector: string, rangeMs: number, atMs: number): Promise<MatrixSeries[]> {
    const expr = `${selector}[${promDuration(rangeMs)}]`;
    const data = await this.#query(expr, atMs);
    if (data.resultType !== 'matrix') throw unexpected(expr, data.resultType, 'a matrix');
    return (data.result as RawMatrix).flatMap(({ metric, values = [] }) => {
      const samples = values.map((value) => this.#sample(value)).filter(({ t }) => t > atMs - rangeMs);
      return values.length > 0 && samples.length === 0 ? [] : [{ labels: metric, samples }];
    });
  }

  /** droppedCounts: how many it dropped, by job, also of those that it does not keep; empty where it does not say. */
  async targets(): Promise<{
    active: ActiveTarget[];
    dropped: DroppedTarget[];
    droppedCounts: Record<string, number>;
  }> {
    const data = (await this.#get('/api/v1/targets?state=any')) as {
      activeTargets: RawTarget[] | null;
      droppedTargets: RawTarget[] | null;
      droppedTargetCounts?: Record<string, number> | null;
    };
    return {
      active: (data.activeTargets ?? []).map((target) => ({
        scrapePool: target.scrapePool,
        labels: target.labels,
        discoveredLabels: target.discoveredLabels,
        scrapeUrl: target.scrapeUrl,
        health: target.health as ActiveTarget['health'],
        lastError: target.lastError,
        lastScrape: target.lastScrape,
        lastScrapeDurationMs: target.lastScrapeDuration * 1000,
      })),
      dropped: (data.droppedTargets ?? []).map(({ scrapePool, discoveredLabels }) => ({
        scrapePool,
        discoveredLabels,
      })),
      droppedCounts: data.droppedTargetCounts ?? {},
    };
  }

  /** prometheus.yml as it was understood, secrets blanked out. */
  async config(): Promise<string> {
    return ((await this.#get('/api/v1/status/config')) as { yaml: string }).yaml;
  }

  /**
   * What its clock showed at some moment of [fromMs, untilMs] of ours, uncorrected: the time that it gives to a query which
   * names none.
   */
  async clock(): Promise<{ atMs: number; fromMs: number; untilMs: number }> {
    const fromMs = epochMs();
    const data = await this.#form('/api/v1/query', { query: 'time()' }, 'time()');
    const untilMs = epochMs();
    return { atMs: sampleOf((data as { result: RawSample }).result).t, fromMs, untilMs };
  }

  /** Its own /metrics page. */
  async ownPage(): Promise<string> {
    const { status, text } = await this.#send('/metrics', {});
    if (status !== 200) throw this.#refuses('/metrics', `HTTP ${status}: ${text.slice(0, 200)}`);
    return text;
  }

  /** Anything else that its API tells: `data` of the answer. @param path `/api/v1/rules` */
  async read(path: string): Promise<unknown> {
    return this.#get(path);
  }

  /** The same Prometheus, of which the clock is ahead by so much, asked by ours. */
  corrected(aheadMs: number): PrometheusClient {
    return aheadMs === this.aheadMs ? this : new PrometheusClient(this.#given, { ...this.#options, aheadMs });
  }

  /** Lets go of connections that were kept. */
  async close(): Promise<void> {
    await this.#agent?.close();
  }

  async buildInfo(): Promise<{ version: string; goVersion: string }> {
    const data = (await this.#get('/api/v1/status/buildinfo')) as { version: string; goVersion: string };
    return { version: data.version, goVersion: data.goVersion };
  }

  /** Whether it serves; never throws. */
  async ready(): Promise<boolean> {
    try {
      return (await this.#send('/-/ready', {}, 1000)).status === 200;
    } catch {
      return false;
    }
  }

  async #query(expr: string, atMs: number): Promise<{ resultType: string; result: unknown }> {
    const data = await this.#form(
      '/api/v1/query',
      { query: expr, time: ((atMs + this.aheadMs) / 1000).toFixed(3) },
      expr,
    );
    return data as { resultType: string; result: unknown };
  }

  /** By our clock. */
  #sample(raw: RawSample): { t: number; v: number } {
    const { t, v } = sampleOf(raw);
    return { t: t - this.aheadMs, v };
  }

  #form(path: string, fields: Record<string, string>, what: string): Promise<unknown> {
    const body = new URLSearchParams(fields);
    if (this.#options.method === 'GET') return this.#call(`${path}?${body}`, {}, what);
    return this.#call(path, { method: 'POST', body }, what);
  }

  #get(path: string): Promise<unknown> {
    return this.#call(path, {}, path);
  }

  async #call(path: string, init: RequestInit, what: string): Promise<unknown> {
    const { status, text } = await this.#send(path, init);
    const answer = parseAnswer(text);
    if (answer?.status === 'success') return answer.data;
    throw this.#refuses(
      what,
      answer ? `${answer.errorType}: ${answer.error}` : `HTTP ${status}: ${text.slice(0, 200)}`,
    );
  }

  /** @throws HarnessError PROMETHEUS_UNREACHABLE; PROMETHEUS_ERROR when it sends us elsewhere */
  async #send(
    path: string,
    init: RequestInit,
    deadlineMs = this.#deadlineMs,
  ): Promise<{ status: number; text: string }> {
    const { headers, redact } = this.#credentials;
    const told = (outcome: number | string) =>
      this.#options.onRequest?.({ method: init.method ?? 'GET', url: this.url + path, outcome });
    let location: string | null;
    let answer: { status: number; text: string };
    try {
      const response = await fetch(this.url + path, {
        ...init,
        // Without zstd, which Node can't read before 22.15.
        headers: { 'accept-encoding': 'gzip, deflate, br', ...headers },
        redirect: 'manual',
        signal: AbortSignal.timeout(deadlineMs),
        ...(this.#agent && { dispatcher: this.#agent }),
      });
      location = response.headers.get('location');
      answer = { status: response.status, text: await response.text() };
      told(answer.status);
    } catch (cause) {
      told('PROMETHEUS_UNREACHABLE');
      const detail = redact(cause instanceof Error && cause.cause ? describe(cause.cause) : describe(cause));
      throw new HarnessError('PROMETHEUS_UNREACHABLE', `Prometheus at ${this.url} does not answer: ${detail}`, {
        hint: 'check that it runs; its log tells why it ended',
        cause,
      });
    }
    if (location !== null) throw this.#refuses(path, `HTTP ${answer.status}: it sends us to ${location}`);
    return answer;
  }

  #refuses(what: string, problem: string): HarnessError {
    const text = `Prometheus at ${this.url} refuses ${what}: ${problem}`;
    return new HarnessError('PROMETHEUS_ERROR', this.#credentials.redact(text), {
      hint: 'the text after the last colon is its own',
    });
  }
}

function agentOf(tls: PrometheusAccess['tls']): Agent | undefined {
  if (!tls) return undefined;
  const { ca, cert, key, serverName, insecureSkipVerify } = tls;
  return new Agent({
    connect: {
      ...(ca !== undefined && { ca }),
      ...(cert !== undefined && { cert }),
      ...(key !== undefined && { key }),
      ...(serverName !== undefined && { servername: serverName }),
      ...(insecureSkipVerify && { rejectUnauthorized: false }),
    },
  });
}

type RawSample = [t: number, v: string];
type RawVector = { metric: Labels; value: RawSample }[];
type RawMatrix = { metric: Labels; values?: RawSample[] }[];

interface RawTarget {
  scrapePool: string;
  labels: Labels;
  discoveredLabels: Labels;
  scrapeUrl: string;
  health: string;
  lastError: string;
  lastScrape: string;
  lastScrapeDuration: number;
}

interface Answer {
  status: string;
  data: unknown;
  errorType?: string;
  error?: string;
}

function parseAnswer(text: string): Answer | undefined {
  try {
    const answer = JSON.parse(text) as Answer | null;
    return typeof answer === 'object' && answer !== null && typeof answer.status === 'string' ? answer : undefined;
  } catch {
    return undefined;
  }
}

function sampleOf([t, v]: RawSample): { t: number; v: number } {
  return { t: Math.round(t * 1000), v: parseValue(v) };
}

/** A value as Prometheus prints it: `NaN`, `+Inf` and `-Inf` beside plain numbers. */
export function parseValue(text: string): number {
  if (text === '+Inf') return Number.POSITIVE_INFINITY;
  if (text === '-Inf') return Number.NEGATIVE_INFINITY;
  return Number(text);
}

function unexpected(expr: string, got: string, wanted: string): HarnessError {
  return new HarnessError('PROMETHEUS_ERROR', `${expr} yields a ${got}, where ${wanted} is needed`, {
    hint: 'use another method of the client for this kind of query',
  });
}
