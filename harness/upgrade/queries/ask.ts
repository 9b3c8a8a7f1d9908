import { HarnessError } from '../../core/errors.ts';
import { abortable } from '../../core/wait.ts';
import type { TruthJournal } from '../../ledger/types.ts';
import { PrometheusClient } from '../../prometheus/client.ts';
import { type Expr, nameOf, print, selectorsOf, walk } from '../../prometheus/promql/index.ts';
import { LOAD_WORKLOAD } from '../../scenario/model.ts';
import type { Query, QueryAnswer } from '../types.ts';
import { treeOf } from './found.ts';
import { partsOf } from './parts.ts';
import { builtIns, resolveText } from './resolve.ts';
import { keyOf } from './series.ts';
import { reaches, sigmas } from './sigma.ts';
import { type AskedVariable, bindVariables } from './values.ts';

export interface AskOptions {
  /** Epoch ms. */
  originMs: number;
  /** When the last request of the traffic ended, epoch ms. */
  trafficEndMs: number;
  /** When each request was begun by its caller, epoch ms; see `startsOf`. Absent: not known. */
  startsMs?: readonly number[];
  scrapeIntervalMs: number;
  signal: AbortSignal;
}

type Series = QueryAnswer['series'];
type Said = { series: Series; error: string };

const AT_ONCE = 8;
const DEADLINE_MS = 15_000;
/** How many scrape intervals back a moment is looked for at which scrapes went well. */
const MOMENTS = 5;
/** Of calls to a Prometheus that does not answer, until the rest is not tried any more. */
const PATIENCE = 3;

/**
 * What each query comes to in a world, by its id, with its parts. All of it is asked as of the moment at which the last request
 * was begun: what a rate of the last two scrapes sees is traffic alone then. When that request ended is later by as much as it took,
 * the load generator's own end later still, and what looks back a short while from there sees silence, each world as much of it as
 * it happens to have. Should scrapes have failed just then, it is a few scrapes earlier. To be called when the last scrape is stored,
 * so that every scrape until the moment is there. Ranges stay as they are written, also those longer than the world.
 *
 * With each value goes what it may be off by itself: `sigma`, from the number of events behind it (see sigma.ts), and `phase`, by
 * which it has moved within the last scrape interval: where in their interval the scrapes of a world fall is chance; of quantiles
 * with what few events make of them.
 *
 * Errors are kept in the answers, in Prometheus' own words. It rejects only when the signal aborts.
 */
export async function askQueries(
  prometheusUrl: string,
  queries: readonly Query[],
  options: AskOptions,
): Promise<Map<string, QueryAnswer>> {
  const client = new PrometheusClient(prometheusUrl, { deadlineMs: DEADLINE_MS });
  const world = new AskedWorld(client, queries, options);
  await world.chooseMoment();
  const answers = new Map<string, QueryAnswer>();
  const open = [...queries];
  const work = async () => {
    for (let query = open.shift(); query; query = open.shift()) answers.set(query.id, await world.answer(query));
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  options.signal.throwIfAborted();
  return new Map(queries.map(({ id }) => [id, answers.get(id)!]));
}

class AskedWorld {
  readonly #client: PrometheusClient;
  readonly #options: AskOptions;
  readonly #asked = new Map<string, Promise<Said>>();
  /** What recording rules of the world record, by name. */
  readonly #recorded = new Map<string, Expr>();
  /** The moment that is asked about. */
  #atMs: number;
  #unreachable = 0;
  #lastError = '';

  constructor(client: PrometheusClient, queries: readonly Query[], options: AskOptions) {
    this.#client = client;
    this.#options = options;
    this.#atMs = (options.startsMs ?? []).reduce((last, ms) => Math.max(last, ms), 0) || options.trafficEndMs;
    for (const { records, expr } of queries) {
      const tree = records === '' ? null : treeOf(expr);
      if (tree) this.#recorded.set(records, tree);
    }
  }

  /**
   * Where scrapes failed just then, the latest of the last few intervals at which the most targets were up: series of a target that
   * fails to answer are gone until it answers again, which says nothing of the queries. Targets that stay down do so at all of them.
   */
  async chooseMoment(): Promise<void> {
    const { originMs, scrapeIntervalMs } = this.#options;
    const moments = Array.from({ length: MOMENTS }, (_, i) => this.#atMs - i * scrapeIntervalMs);
    const candidates = moments.filter((ms, i) => i === 0 || ms > originMs);
    const up = await Promise.all(candidates.map(async (ms) => (await this.#ask('sum(up)', ms)).series[0]?.value ?? 0));
    this.#atMs = candidates[up.indexOf(Math.max(...up))]!;
  }

  async answer(query: Query): Promise<QueryAnswer> {
    const { originMs, scrapeIntervalMs } = this.#options;
    const builtIn = builtIns({ intervalMs: scrapeIntervalMs, fromMs: originMs, toMs: this.#atMs });
    const bound = await bindVariables(query, builtIn, (expr) => this.#ask(expr));
    let evaluated: string;
    try {
      evaluated = resolveText(query.expr, bound.lookup);
    } catch (error) {
      const failed = {
        evaluated: query.expr,
        series: [],
        error: error instanceof Error ? error.message : String(error),
      };
      return { ...failed, parts: bound.asked.map(partOfVariable) };
    }
    const tree = treeOf(evaluated);
    const [whole, parts] = await Promise.all([
      this.#withNoise(evaluated, tree),
      Promise.all((tree ? partsOf(tree) : []).map((expr) => this.#part(expr))),
    ]);
    return {
      evaluated,
      ...whole,
      ...this.#builtOn(tree),
      ...this.#volume(tree),
      parts: [...bound.asked.map(partOfVariable), ...parts],
    };
  }

  /** Requests of the shortest window that the tree has; of one without windows all of them. */
  #volume(tree: Expr | null): Pick<QueryAnswer, 'volume'> {
    const { startsMs, scrapeIntervalMs } = this.#options;
    if (!startsMs) return {};
    const windows = tree ? [...walk(tree)].flatMap(({ expr }) => windowMs(expr, scrapeIntervalMs) ?? []) : [];
    const fromMs = this.#atMs - Math.min(Number.POSITIVE_INFINITY, ...windows);
    return { volume: startsMs.filter((ms) => ms > fromMs && ms <= this.#atMs).length };
  }

  /** The recording rules below a tree, those that they build on included. */
  #builtOn(tree: Expr | null): Pick<QueryAnswer, 'recorded'> {
    const recorded: Record<string, string> = {};
    const visit = (expr: Expr) => {
      for (const name of selectorsOf(expr).map(nameOf)) {
        const rule = this.#recorded.get(name);
        if (!rule || Object.hasOwn(recorded, name)) continue;
        recorded[name] = print(rule);
        visit(rule);
      }
    };
    if (tree) visit(tree);
    return Object.keys(recorded).length > 0 ? { recorded } : {};
  }

  async #part(expr: string): Promise<QueryAnswer['parts'][number]> {
    const tree = treeOf(expr);
    // Of a selector it matters whether it has anything.
    return { expr, ...(await this.#withNoise(expr, tree, tree?.kind !== 'selector')) };
  }

  async #withNoise(expr: string, tree: Expr | null, withPhase = true): Promise<Said> {
    const { scrapeIntervalMs } = this.#options;
    const [now, earlier] = await Promise.all([
      this.#ask(expr),
      withPhase ? this.#ask(expr, this.#atMs - scrapeIntervalMs) : null,
    ]);
    if (now.error !== '' || !tree || now.series.length === 0) return now;
    const before = earlier && new Map(earlier.series.map(({ labels, value }) => [keyOf(labels), value]));
    const context = {
      scrapeIntervalMs,
      recorded: this.#recorded,
      valueOf: async (part: Expr) => (await this.#ask(print(part))).series,
    };
    const [sigma, reach] = await Promise.all([sigmas(tree, now.series, context), reaches(tree, now.series, context)]);
    const series = now.series.map((one, i) => {
      const phase = (before ? moved(before.get(keyOf(one.labels)), one.value) : 0) + reach[i]!;
      return { ...one, ...(sigma[i]! > 0 && { sigma: sigma[i]! }), ...(phase > 0 && { phase }) };
    });
    return { series, error: '' };
  }

  /** An instant query, asked once however many need it. Does not reject, unless the signal aborts. */
  #ask(expr: string, atMs = this.#atMs): Promise<Said> {
    const key = `${atMs} ${expr}`;
    const known = this.#asked.get(key);
    if (known) return known;
    const said = this.#send(expr, atMs);
    this.#asked.set(key, said);
    return said;
  }

  async #send(expr: string, atMs: number): Promise<Said> {
    const { signal } = this.#options;
    signal.throwIfAborted();
    if (this.#unreachable >= PATIENCE) return { series: [], error: this.#lastError };
    try {
      const samples = await abortable(this.#client.query(expr, atMs), signal);
      this.#unreachable = 0;
      return { series: samples.map(({ labels, v }) => ({ labels, value: v })), error: '' };
    } catch (error) {
      signal.throwIfAborted();
      const text = error instanceof Error ? error.message : String(error);
      if (error instanceof HarnessError && error.code === 'PROMETHEUS_UNREACHABLE') {
        this.#unreachable++;
        this.#lastError = text;
      }
      // The server's own words are enough: the expression stands beside them.
      return { series: [], error: text.split(`refuses ${expr}: `).at(-1)! };
    }
  }
}

function windowMs(expr: Expr, intervalMs: number): number | null {
  if (expr.kind === 'call') return /^i(?:rate|delta)$/.test(expr.func) ? 2 * intervalMs : null;
  if (expr.kind === 'subquery') return expr.range.ms;
  return expr.kind === 'selector' ? (expr.range?.ms ?? null) : null;
}

/**
 * When the load generator began its requests; where none is in the mesh, when anybody did. Epoch ms. What callers in the mesh do
 * follows from it, later by what came before.
 */
export function startsOf(truth: readonly TruthJournal[]): number[] {
  const load = truth.filter(({ workload }) => workload === LOAD_WORKLOAD.id);
  return (load.length > 0 ? load : truth).flatMap(({ made }) => made.map(({ startMs }) => startMs));
}

/** How far a value moved. One that was not there was nothing; one that is or was not a number could be anything. */
function moved(was: number | undefined, is: number): number {
  if (was === undefined) return Math.abs(is);
  if (Object.is(was, is)) return 0;
  const by = Math.abs(is - was);
  return Number.isNaN(by) ? Number.POSITIVE_INFINITY : by;
}

function partOfVariable({ name, expr, series, error }: AskedVariable): QueryAnswer['parts'][number] {
  return { expr, series, error: error === '' ? '' : `variable $${name}: ${error}` };
}
