import type { LedgerTarget } from '../../ledger/types.ts';
import { isFailureStatus } from '../flow-status.ts';
import type { Segment } from '../incarnations.ts';
import type { PairLatencies } from '../quantiles.ts';
import type { LedgerName } from '../recorder.ts';
import { type ComparedCount, edgeKey, type ToldTruth, type Witness } from '../witness.ts';

/** What the series of one peer on the page of one incarnation added up to, at each of its scrapes. */
export interface Track {
  target: LedgerTarget;
  segment: Segment;
  peer: string;
  count: Float64Array;
  failures: Float64Array;
  /** What `count` had to be: status by status, and of all statuses together where that is known. */
  low: Float64Array;
  high: Float64Array;
}

/** Moments of the truth of one edge, epoch ms, in any order. */
export interface Moments {
  all: number[];
  failures: number[];
}

/** Keeps what a judgement was made of, edge by edge, as long as a timeline of it is wanted. */
export class Recording implements Witness {
  readonly #tracks: Record<LedgerName, Map<string, Track[]>> = { proxy: new Map(), prometheus: new Map() };
  /** Bounds of all statuses together, which narrow those of the track when all of it is known. */
  readonly #wholes = new Map<Track, NonNullable<ComparedCount['intervals']>>();
  readonly #truth = new Map<string, Moments>();
  #latencies: readonly PairLatencies[] = [];

  compared(told: ComparedCount): void {
    const track = this.#trackOf(told);
    const { status, values, intervals } = told;
    if (status === null) {
      if (intervals) this.#wholes.set(track, intervals);
      return;
    }
    const failure = isFailureStatus(status);
    for (let i = 0; i < values.length; i++) {
      const value = values[i]!;
      const { low, high } = intervals?.[i] ?? { low: 0, high: value };
      track.count[i]! += value;
      if (failure) track.failures[i]! += value;
      track.low[i]! += low;
      // Where there is no upper end, anything is right.
      track.high[i]! += Number.isFinite(high) ? high : value;
    }
  }

  truth({ edge, status, times }: ToldTruth): void {
    const key = edgeKey(edge);
    let moments = this.#truth.get(key);
    if (!moments) {
      moments = { all: [], failures: [] };
      this.#truth.set(key, moments);
    }
    const failure = isFailureStatus(status);
    for (const t of times) {
      moments.all.push(t);
      if (failure) moments.failures.push(t);
    }
  }

  latencies(pairs: readonly PairLatencies[]): void {
    this.#latencies = pairs;
  }

  /**
   * In the order of their pods and, of a pod, of time.
   * @param edge as `edgeKey` names it
   */
  tracksOf(ledger: LedgerName, edge: string): readonly Track[] {
    return (this.#tracks[ledger].get(edge) ?? []).map((track) => this.#narrowed(track));
  }

  momentsOf(edge: string): Readonly<Moments> {
    return this.#truth.get(edge) ?? { all: [], failures: [] };
  }

  get pairs(): readonly PairLatencies[] {
    return this.#latencies;
  }

  /** A reading that kept to all bounds kept to those of all statuses together as well. */
  #narrowed(track: Track): Track {
    const whole = this.#wholes.get(track);
    if (!whole) return track;
    return {
      ...track,
      low: track.low.map((low, i) => Math.max(low, whole[i]!.low)),
      high: track.high.map((high, i) => Math.min(high, whole[i]!.high)),
    };
  }

  #trackOf({ ledger, target, segment, edge, peer, values }: ComparedCount): Track {
    const key = edgeKey(edge);
    let tracks = this.#tracks[ledger].get(key);
    if (!tracks) {
      tracks = [];
      this.#tracks[ledger].set(key, tracks);
    }
    // Those of one segment come one after the other.
    for (let i = tracks.length - 1; i >= 0 && tracks[i]!.segment === segment; i--) {
      if (tracks[i]!.peer === peer) return tracks[i]!;
    }
    const zeros = (): Float64Array => new Float64Array(values.length);
    const track = { target, segment, peer, count: zeros(), failures: zeros(), low: zeros(), high: zeros() };
    tracks.push(track);
    return track;
  }
}
