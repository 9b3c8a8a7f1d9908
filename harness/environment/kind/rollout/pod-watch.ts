import { sleep } from '../../../core/wait.ts';
import { BackgroundWork } from '../../background-work.ts';
import type { Kube, ListOptions, PodObject } from '../../kubernetes/contract.ts';
import { isUnreachable } from '../../kubernetes/errors.ts';
import { isReady } from '../../kubernetes/pod-state.ts';

/** Told in this order, each once a pod; `address` when it has one, `gone` when the API has it no more. */
export type PodStep = 'started' | 'address' | 'ready' | 'leaving' | 'gone';

export interface PodWatchOptions {
  kube: Pick<Kube, 'list'>;
  /** The pods that are watched, by what they belong to. */
  selections: ReadonlyMap<string, ListOptions>;
  /** Pods that are there, and ready, when it begins: none of that is told. */
  known: readonly { of: string; pod: PodObject }[];
  tell(step: PodStep, pod: PodObject, of: string): void;
}

const EVERY_MS = 150;
/** How long the API server may be out of reach. */
const PATIENCE_MS = 10_000;

interface Seen {
  pod: PodObject;
  of: string;
  told: Set<PodStep>;
}

/** Follows pods as the API shows them, by looking again and again. */
export class PodWatch extends BackgroundWork {
  readonly #options: PodWatchOptions;
  readonly #seen = new Map<string, Seen>();

  constructor(options: PodWatchOptions) {
    super();
    this.#options = options;
    for (const { of, pod } of options.known) {
      this.#seen.set(uidOf(pod), { pod, of, told: new Set(['started', 'address', 'ready']) });
    }
  }

  start(): void {
    this.begin((signal) => this.#follow(signal));
  }

  /** One look. */
  async look(): Promise<void> {
    const { kube, selections } = this.#options;
    const lists = await Promise.all(
      [...selections].map(async ([of, selection]) => {
        const pods = await kube.list<PodObject>({ apiVersion: 'v1', kind: 'Pod' }, selection);
        return pods.map((pod) => ({ of, pod }));
      }),
    );
    const there = new Set<string>();
    for (const { of, pod } of lists.flat()) {
      const uid = uidOf(pod);
      there.add(uid);
      const seen = this.#seen.get(uid) ?? { pod, of, told: new Set() };
      this.#seen.set(uid, Object.assign(seen, { pod, of }));
    }
    const isGone = ({ pod }: Seen) => !there.has(uidOf(pod));
    const isLeaving = (seen: Seen) => seen.pod.metadata.deletionTimestamp !== undefined || isGone(seen);
    // Step by step: what happened since the last look, successors' readiness before anybody's leave.
    this.#tell('started', () => true);
    this.#tell('address', ({ pod }) => !!pod.status.podIP);
    this.#tell('ready', (seen) => isReady(seen.pod) && !isLeaving(seen));
    this.#tell('leaving', isLeaving);
    this.#tell('gone', isGone);
  }

  async #follow(signal: AbortSignal): Promise<void> {
    let answeredAt = performance.now();
    while (!signal.aborted) {
      try {
        await this.look();
        answeredAt = performance.now();
      } catch (error) {
        signal.throwIfAborted();
        if (!isUnreachable(error) || performance.now() - answeredAt > PATIENCE_MS) throw error;
      }
      await sleep(EVERY_MS, signal);
    }
  }

  #tell(step: PodStep, isSo: (seen: Seen) => boolean): void {
    for (const seen of this.#seen.values()) {
      if (seen.told.has(step) || !isSo(seen)) continue;
      seen.told.add(step);
      this.#options.tell(step, seen.pod, seen.of);
    }
  }
}

function uidOf({ metadata }: PodObject): string {
  return String(metadata.uid ?? `${metadata.namespace}/${metadata.name}`);
}
