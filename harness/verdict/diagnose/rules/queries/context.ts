import type { Evidence } from '../../../../evidence/types.ts';
import type { MatrixSeries, VectorSample } from '../../../../prometheus/client.ts';
import { type Expr, NO_TIME, print, type Selector } from '../../../../prometheus/promql/index.ts';
import { askValue, type FailedQuery } from '../../failed-query.ts';
import type { Ask } from '../../types.ts';

/** A failed query and the questions about it, all as of when it was asked. `undefined`: there is no answer yet. */
export class QueryContext {
  readonly query: FailedQuery;
  readonly evidence: Evidence;
  readonly #ask: Ask;
  /** Whether something was asked that has no answer yet. */
  waits = false;

  constructor(query: FailedQuery, evidence: Evidence, ask: Ask) {
    this.query = query;
    this.evidence = evidence;
    this.#ask = ask;
  }

  /** One number, or null where it has no one. */
  value(expr: Expr): number | null | undefined {
    return this.#noted(askValue(this.query, print(expr), this.#ask));
  }

  /** What an expression yields; empty also where it can't be asked. */
  vector(expr: string): VectorSample[] | undefined {
    const answer = this.#noted(this.#ask({ ask: 'query', expr, atMs: this.query.atMs }));
    if (answer === undefined) return undefined;
    return answer.to === 'query' ? answer.samples : [];
  }

  /** The values that a label has among the series that a selector selects; a series without it counts as ''. */
  valuesOf(label: string, selector: Selector): string[] | undefined {
    const groups = this.vector(`group by (${label}) (${print(asInstant(selector))})`);
    return groups?.map((sample) => sample.labels[label] ?? '').sort();
  }

  /** Raw samples of what a selector selects, of `rangeMs` before the query was asked. */
  samples(selector: Selector, rangeMs: number): MatrixSeries[] | undefined {
    const plain: Selector = { ...asInstant(selector), time: NO_TIME };
    const question = { ask: 'samples', selector: print(plain), rangeMs, atMs: this.query.atMs } as const;
    const answer = this.#noted(this.#ask(question));
    if (answer === undefined) return undefined;
    return answer.to === 'samples' ? answer.series : [];
  }

  /** How often that is scraped which a selector selects, ms: the longest of its jobs. */
  intervalMs(selector: Selector): number | undefined {
    const jobs = this.valuesOf('job', selector);
    if (jobs === undefined) return undefined;
    const known = jobs.flatMap((job) => intervalOf(job, this.evidence) ?? []);
    // Of what selects nothing, as long as any job's could be.
    const all = known.length > 0 ? known : this.evidence.prometheus.jobs.map((job) => job.intervalMs);
    return all.length > 0 ? Math.max(...all) : 0;
  }

  #noted<T>(answer: T | undefined): T | undefined {
    if (answer === undefined) this.waits = true;
    return answer;
  }
}

/** The interval of the job whose targets have this `job` label: under a PodMonitor the label is not the job's name. */
export function intervalOf(job: string, { prometheus }: Evidence): number | undefined {
  const pools = prometheus.active.filter((target) => target.labels.job === job).map((target) => target.scrapePool);
  const found = prometheus.jobs.filter(({ name }) => name === job || pools.includes(name));
  return found.length > 0 ? Math.max(...found.map((j) => j.intervalMs)) : undefined;
}

/** What a selector selects, as an instant vector. */
export function asInstant(selector: Selector): Selector {
  return { ...selector, range: null, time: { ...selector.time, edges: '' } };
}
