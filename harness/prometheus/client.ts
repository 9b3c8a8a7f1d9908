import { describe, HarnessError } from '../core/errors.ts';
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

/** Prometheus' HTTP API. Times are epoch ms. Each call throws HarnessError PROMETHEUS_UNREACHABLE or PROMETHEUS_ERROR. */
export class PrometheusClient {
  readonly url: string;
  readonly #deadlineMs: number;

  constructor(url: string, options: { deadlineMs?: number } = {}) {
    this.url = url.replace(/\/+$/, '');
    this.#deadlineMs = options.deadlineMs ?? 30_000;
  }

  /** An instant query that yields a vector or a scalar; a scalar is one sample without labels. */
  async query(expr: string, atMs: number): Promise<VectorSample[]> {
    const data = await this.#query(expr, atMs);
    if (data.resultType === 'scalar') return [{ labels: {}, ...sampleOf(data.result as RawSample) }];
    if (data.resultType === 'vector')
      return (data.result as RawVector).map(({ metric, value }) => ({ labels: metric, ...sampleOf(value) }));
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
   * Samples of `selector` as they were stored, each with its own time, of (atMs - rangeMs, atMs]: as everywhere in Prometheus 3
   * the window is open on the left.
   */
  async rawSamples(selector: string, rangeMs: number, atMs: number): Promise<MatrixSeries[]> {
    const expr = `${selector}[${promDuration(rangeMs)}]`;
    const data = await this.#query(expr, atMs);
    if (data.resultType !== 'matrix') throw unexpected(expr, data.resultType, 'a matrix');
    return (data.result as RawMatrix).map(({ metric, values }) => ({
      labels: metric,
      samples: (values ?? []).map(sampleOf),
    }));
  }

  async targets(): Promise<{ active: ActiveTarget[]; dropped: DroppedTarget[] }> {
    const data = (await this.#get('/api/v1/targets?state=any')) as {
      activeTargets: RawTarget[] | null;
      droppedTargets: RawTarget[] | null;
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
    };
  }

  async buildInfo(): Promise<{ version: string; goVersion: string }> {
    const data = (await this.#get('/api/v1/status/buildinfo')) as { version: string; goVersion: string };
    return { version: data.version, goVersion: data.goVersion };
  }

  /** Whether it serves; never throws. */
  async ready(): Promise<boolean> {
    try {
      const response = await fetch(`${this.url}/-/ready`, { signal: AbortSignal.timeout(1000) });
      await response.arrayBuffer();
      return response.ok;
    } catch {
      return false;
    }
  }

  async #query(expr: string, atMs: number): Promise<{ resultType: string; result: unknown }> {
    const body = new URLSearchParams({ query: expr, time: (atMs / 1000).toFixed(3) });
    return (await this.#call('/api/v1/query', { method: 'POST', body }, expr)) as {
      resultType: string;
      result: unknown;
    };
  }

  #get(path: string): Promise<unknown> {
    return this.#call(path, {}, path);
  }

  async #call(path: string, init: RequestInit, what: string): Promise<unknown> {
    let status: number;
    let text: string;
    try {
      const response = await fetch(this.url + path, { ...init, signal: AbortSignal.timeout(this.#deadlineMs) });
      status = response.status;
      text = await response.text();
    } catch (cause) {
      const detail = cause instanceof Error && cause.cause ? describe(cause.cause) : describe(cause);
      throw new HarnessError('PROMETHEUS_UNREACHABLE', `Prometheus at ${this.url} does not answer: ${detail}`, {
        hint: 'check that it runs; its log tells why it ended',
        cause,
      });
    }
    const answer = parseAnswer(text);
    if (answer?.status === 'success') return answer.data;
    const problem = answer ? `${answer.errorType}: ${answer.error}` : `HTTP ${status}: ${text.slice(0, 200)}`;
    throw new HarnessError('PROMETHEUS_ERROR', `Prometheus at ${this.url} refuses ${what}: ${problem}`, {
      hint: 'the text after the last colon is its own',
    });
  }
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
