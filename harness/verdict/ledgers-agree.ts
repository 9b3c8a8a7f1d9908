import type { PodInfo } from '../core/topology.ts';
import type { LedgerSeries, LedgerTarget, MetricLedger } from '../ledger/types.ts';
import { directionOf, type Family } from './families.ts';
import { statusText } from './outcomes.ts';
import type { Projected } from './projection.ts';
import { isAtRest, scratchReader } from './readings.ts';
import { pairOf, type Settings, strangersPair } from './reconcile.ts';
import type { Checker, Recorder, Subject } from './recorder.ts';
import type { ScopeBook } from './scopebook.ts';
import { type LabelSet, projectedOf, type SeriesIndex } from './series-index.ts';
import { type Instance, podKey } from './truth.ts';

/** When a page was rendered, and by which incarnation. */
interface Moment {
  from: number;
  until: number;
  startTime: number | null;
  settled: boolean;
  t: number;
}

/** One comparison of a page with a sample, by their places among the readings of their targets. */
interface Step {
  page: number;
  sample: number;
  /** What the sample shows against the page: as much, no more, no less. */
  must: 'equal' | 'at most' | 'at least';
}

/** A series as it stands in the two ledgers; null where a ledger lacks it. */
interface Both {
  set: LabelSet;
  le: string | undefined;
  page: LedgerSeries | null;
  sample: LedgerSeries | null;
}

/** What is compared of the series of a set. */
interface Compared {
  by: object;
  /** null: nothing. */
  family: Family | null;
  projected: Projected | null;
  checker: Checker | null;
  /** Without the edge. */
  place: string;
  /** By edge. */
  entries: Map<string, Both>;
}

/**
 * Prometheus' samples of a series against the proxy's own page: a page rendered before the other may not show more, and
 * after the last movement both show the same. A series that one ledger lacks stands at 0 there, at each of its readings.
 */
export function checkLedgersAgree(
  proxy: MetricLedger,
  prometheus: MetricLedger,
  index: SeriesIndex,
  book: ScopeBook,
  settings: Settings,
  recorder: Recorder,
): void {
  new Comparison({ proxy, prometheus }, book, settings, recorder).run(index);
}

class Comparison {
  readonly #pages: Shelf;
  readonly #samples: Shelf;
  readonly #book: ScopeBook;
  readonly #recorder: Recorder;
  readonly #plans = new Map<string, Step[]>();

  constructor(
    ledgers: { proxy: MetricLedger; prometheus: MetricLedger },
    book: ScopeBook,
    settings: Settings,
    recorder: Recorder,
  ) {
    this.#pages = new Shelf(ledgers.proxy, book, settings);
    this.#samples = new Shelf(ledgers.prometheus, book, settings);
    this.#book = book;
    this.#recorder = recorder;
  }

  run(index: SeriesIndex): void {
    const shown = this.#collect(index, this.#pages, (both, series) => {
      const isNew = both.page === null;
      both.page = series;
      return isNew;
    });
    const stored = this.#collect(index, this.#samples, (both, series) => {
      const isNew = both.sample === null;
      both.sample = series;
      return isNew;
    });
    for (const both of stored) this.#compare(both);
    for (const both of shown) if (both.sample === null) this.#compare(both);
  }

  /** In the order of the ledger. Of series that stand there twice the last counts. */
  #collect(index: SeriesIndex, shelf: Shelf, enter: (both: Both, series: LedgerSeries) => boolean): Both[] {
    const entered: Both[] = [];
    for (const { series, set } of index.all(shelf.ledger)) {
      const compared = this.#comparedOf(set, shelf.podOf(series));
      if (!compared.family) continue;
      const { le } = series.labels;
      let both = compared.entries.get(le ?? '');
      if (!both) {
        both = { set, le, page: null, sample: null };
        compared.entries.set(le ?? '', both);
      }
      if (enter(both, series)) entered.push(both);
    }
    return entered;
  }

  #comparedOf(set: LabelSet, pod: string): Compared {
    if (set.compared?.by === this) return set.compared as Compared;
    const compared: Compared = {
      ...{ by: this, family: null, projected: null, checker: null, place: '', entries: new Map() },
    };
    set.compared = compared;
    const info = this.#book.names.pods.get(pod);
    const instances = this.#book.truth.instancesOfPod.get(pod);
    const family = info && instances && readerOf(set, info, instances, this.#book);
    if (!family) return compared;
    // Probes and scrapes go on for ever: never quiet.
    const projected = projectedOf(set, family, info, this.#book.names);
    if (projected.kind === 'other' || family.scopes === 'in-server') return compared;
    return Object.assign(compared, { family, projected });
  }

  #compare({ set, le, page, sample }: Both): void {
    const compared = set.compared as Compared;
    const pod = page ? this.#pages.podOf(page) : this.#samples.podOf(sample!);
    if (!compared.checker) {
      const subject = subjectOf(set, compared, pod, this.#book);
      compared.place = subject.place;
      compared.checker = this.#recorder.about(subject);
    }
    const { checker } = compared;
    const pages = page?.target ?? this.#pages.targetOf(pod);
    const samples = sample?.target ?? this.#samples.targetOf(pod);
    const pageValues = page && this.#pages.read(page);
    const sampleValues = sample && this.#samples.read(sample);
    const moments = this.#samples.momentsOf(samples);
    for (const step of this.#planOf(pages, samples)) {
      const { t } = moments[step.sample]!;
      const is = sampleValues?.[step.sample] ?? 0;
      const shows = pageValues?.[step.page] ?? 0;
      const low = step.must === 'at most' ? 0 : shows;
      const high = step.must === 'at least' ? Number.POSITIVE_INFINITY : shows;
      if (checker.holds(t, is, low, high)) continue;
      checker.violated(t, is, { low, high }, 'LEDGERS_DIFFER', placeOf(compared.place, le));
    }
  }

  /** What is compared with what is the same for all series of two targets. */
  #planOf(pages: number, samples: number): readonly Step[] {
    const key = `${pages}|${samples}`;
    let plan = this.#plans.get(key);
    if (!plan) {
      plan = planOf(this.#pages.momentsOf(pages), this.#samples.momentsOf(samples));
      this.#plans.set(key, plan);
    }
    return plan;
  }
}

/** The readings of a ledger's targets. */
class Shelf {
  readonly ledger: MetricLedger;
  readonly #moments: Moment[][];
  readonly #readers: (ReturnType<typeof scratchReader> | undefined)[] = [];
  readonly #pods: string[];
  readonly #targetOfPod: Map<string, number>;

  constructor(ledger: MetricLedger, book: ScopeBook, settings: Settings) {
    this.ledger = ledger;
    this.#pods = ledger.targets.map((t) => podKey(t.namespace, t.pod));
    this.#targetOfPod = new Map(this.#pods.map((pod, i) => [pod, i]));
    this.#moments = ledger.targets.map((target, i) => {
      const last = book.truth.instancesOfPod.get(this.#pods[i]!)?.at(-1);
      return ok(target).map((s) => ({
        from: s.fromMs - settings.marginMs,
        until: s.untilMs + settings.marginMs,
        startTime: s.startTime,
        settled: last !== undefined && isAtRest(s, last, settings),
        t: s.t,
      }));
    });
  }

  podOf({ target }: LedgerSeries): string {
    return this.#pods[target]!;
  }

  /** The one that stands for the pod; -1: none. */
  targetOf(pod: string): number {
    return this.#targetOfPod.get(pod) ?? -1;
  }

  momentsOf(target: number): readonly Moment[] {
    return this.#moments[target] ?? [];
  }

  /** One value for each moment of the series' target; to be used before the next series of the target is read. */
  read(series: LedgerSeries): Float64Array | null {
    let reader = this.#readers[series.target];
    if (!reader) {
      reader = scratchReader({ scrapes: ok(this.ledger.targets[series.target]!) });
      this.#readers[series.target] = reader;
    }
    return reader(series);
  }
}

const ok = (target: LedgerTarget) => target.scrapes.filter((s) => s.ok);

function planOf(pages: readonly Moment[], samples: readonly Moment[]): Step[] {
  return pages.flatMap((page, i) =>
    nearest(page, samples).flatMap((sample): Step[] => {
      const one = samples[sample]!;
      if (page.settled && one.settled) return [{ page: i, sample, must: 'equal' }];
      if (one.until <= page.from) return [{ page: i, sample, must: 'at most' }];
      return one.from >= page.until ? [{ page: i, sample, must: 'at least' }] : [];
    }),
  );
}

/** The last sample surely before the page, the first surely after it, and the last of all when both are settled. */
function nearest(page: Moment, samples: readonly Moment[]): number[] {
  const same = samples.flatMap((s, i) => (s.startTime === page.startTime ? [i] : []));
  const before = same.findLast((i) => samples[i]!.until <= page.from);
  const after = same.find((i) => samples[i]!.from >= page.until);
  const last = same.at(-1);
  const atEnd = page.settled && last !== undefined && samples[last]!.settled ? last : undefined;
  return [...new Set([before, after, atEnd])].filter((i) => i !== undefined);
}

/** The family as the proxy of one of the pod's incarnations spells it: the first by which the labels make sense. */
function readerOf(set: LabelSet, pod: PodInfo, instances: readonly Instance[], book: ScopeBook): Family | undefined {
  const families = [...new Set(instances.map((i) => book.dialectOf(i)))].map((dialect) => dialect.family(set.name));
  if (families.length < 2) return families[0];
  return families.find((f) => f?.project(set.labels, pod, book.names).kind !== 'unexplained') ?? families[0];
}

/** Labels that tell the series of one pod apart, as far as a reader needs them; the edge comes after. */
const TELLING = [
  'tls',
  'client_id',
  'authority',
  'dst_pod',
  'parent_name',
  'route_name',
  'classification',
  'grpc_status',
  'error',
];

function subjectOf({ labels }: LabelSet, compared: Compared, pod: string, book: ScopeBook): Subject {
  const family = compared.family!;
  const projected = compared.projected!;
  const { workload } = book.names.pods.get(pod)!;
  const pair =
    projected.kind === 'app'
      ? pairOf({ instance: { workload } }, projected.peer, book)
      : strangersPair(directionOf(family, labels), workload);
  const category = family.category(labels, book.names);
  const shown = TELLING.filter((name) => labels[name] !== undefined).map((name) => `${name}="${labels[name]}"`);
  return {
    family: family.name,
    ledger: 'prometheus',
    ...pair,
    status:
      category && 'status' in category
        ? statusText(category.status)
        : (labels.status_code ?? labels.http_status ?? labels.status ?? null),
    place: `${pod} {${shown.join(',')}}`,
    reason: "Prometheus stores what the proxy's page says, and neither falls",
    exact: true,
  };
}

function placeOf(place: string, le: string | undefined): string {
  if (le === undefined) return place;
  const comma = place.endsWith('{}') ? '' : ',';
  return `${place.slice(0, -1)}${comma}le="${le}"}`;
}
