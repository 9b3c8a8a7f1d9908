import { epochMs } from '../../core/clock.ts';
import type { FleetChange, PodInfo } from '../pages/generator.ts';

/** From when to when a pod was there, epoch ms. */
export interface PodLife {
  fromMs: number;
  untilMs: number;
}

/** Who was there when, and the API that shows it. */
export class Lives {
  /** By `namespace/name`; those that have gone stay. */
  readonly all = new Map<string, PodLife>();
  #show: ((change: FleetChange) => void) | null = null;
  /** What happened before there was an API. */
  readonly #before: FleetChange[] = [];

  constructor(pods: readonly PodInfo[]) {
    this.#add(pods, epochMs());
  }

  apply(change: FleetChange): void {
    const now = epochMs();
    for (const pod of change.removed) {
      const life = this.all.get(nameOf(pod));
      if (life) life.untilMs = now;
    }
    this.#add(change.added, now);
    if (this.#show) this.#show(change);
    else this.#before.push(change);
  }

  /** From here on the API is kept up to date. */
  shownBy(api: { apply(change: FleetChange): void }): void {
    this.#show = (change) => api.apply(change);
    for (const change of this.#before.splice(0)) this.#show(change);
  }

  #add(pods: readonly PodInfo[], fromMs: number): void {
    for (const pod of pods) this.all.set(nameOf(pod), { fromMs, untilMs: Number.POSITIVE_INFINITY });
  }
}

function nameOf({ namespace, name }: PodInfo): string {
  return `${namespace}/${name}`;
}
