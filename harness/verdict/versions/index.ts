import type { MetricLedger, Scrape } from '../../ledger/types.ts';
import { segmentsOf } from '../incarnations.ts';
import { type Instance, podKey, type Truth } from '../truth.ts';
import { type Dialect, dialectOf, TODAYS } from './dialect.ts';
import { SILENT } from './table.ts';
import { isBefore, parseVersion } from './version.ts';

export { Dialect, TODAYS } from './dialect.ts';
export { versionText } from './version.ts';

/** First version of the proxy that says which it is. */
const SPEAKS_SINCE = '2.204.0';

/** Which version of the proxy counts for each incarnation of each pod, by what its own pages say. */
export class Versions {
  readonly #byInstance = new Map<number, Dialect>();
  readonly #silent: string;
  #others: Dialect | null = null;

  /** @param expected versions that the mesh is to have: one of them is meant where an old proxy does not say which it is */
  constructor(truth: Truth, ledgers: readonly MetricLedger[], expected: readonly string[] = []) {
    const old = expected.map(parseVersion).filter((version) => isBefore(version, SPEAKS_SINCE));
    this.#silent = old.at(-1)?.join('.') ?? SILENT;
    for (const ledger of ledgers) {
      for (const target of ledger.targets) {
        const instances = truth.instancesOfPod.get(podKey(target.namespace, target.pod)) ?? [];
        for (const { instance, scrapes } of segmentsOf(target, instances)) this.#note(instance, scrapes);
      }
    }
  }

  #note(instance: Instance, scrapes: readonly Scrape[]): void {
    const said = scrapes.findLast((s) => s.version !== undefined)?.version;
    if (said !== undefined) this.#byInstance.set(instance.id, dialectOf(parseVersion(said || this.#silent)));
  }

  /** Of an incarnation that nobody has read: as all others, if they agree. */
  of({ id }: Instance): Dialect {
    const own = this.#byInstance.get(id);
    if (own) return own;
    if (!this.#others) {
      const all = this.all();
      this.#others = all.length === 1 ? all[0]! : TODAYS;
    }
    return this.#others;
  }

  /** Those that run, each once. */
  all(): Dialect[] {
    return [...new Set(this.#byInstance.values())];
  }
}
