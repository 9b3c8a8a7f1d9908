/**
 * Which target a stored series came from, and what the proxy itself called it. A stored series has the labels of its target besides its
 * own; where both had one of the same name, the proxy's was renamed `exported_<name>` (honor_labels is false in linkerd-viz).
 */
export class TargetIndex {
  /** By the set of label names, the largest first: the labels of one target may be a part of another's. */
  readonly #bySet: { names: string[]; targets: Map<string, number> }[] = [];

  /** @param targets label sets of the targets, as `up` has them, without `__name__` */
  constructor(targets: readonly Record<string, string>[]) {
    for (const [index, labels] of targets.entries()) {
      const names = Object.keys(labels).sort();
      let set = this.#bySet.find((candidate) => sameNames(candidate.names, names));
      if (!set) {
        set = { names, targets: new Map() };
        this.#bySet.push(set);
      }
      set.targets.set(keyOf(names, labels), index);
    }
    this.#bySet.sort((a, b) => b.names.length - a.names.length);
  }

  /** The target and the proxy's own labels of a series; undefined when it is of no known target. */
  resolve(stored: Record<string, string>): { target: number; labels: Record<string, string> } | undefined {
    for (const { names, targets } of this.#bySet) {
      const target = targets.get(keyOf(names, stored));
      if (target !== undefined) return { target, labels: ownLabels(stored, names) };
    }
    return undefined;
  }
}

function ownLabels(stored: Record<string, string>, targetNames: string[]): Record<string, string> {
  const own = { ...stored };
  delete own.__name__;
  for (const name of targetNames) delete own[name];
  for (const name of targetNames) restore(own, name);
  return own;
}

/** Prometheus puts `exported_` before the name until it is free, so the longest form is the label's own. */
function restore(own: Record<string, string>, name: string): void {
  let renamed = `exported_${name}`;
  if (!Object.hasOwn(own, renamed)) return;
  while (Object.hasOwn(own, `exported_${renamed}`)) renamed = `exported_${renamed}`;
  own[name] = own[renamed]!;
  delete own[renamed];
}

function keyOf(names: string[], labels: Record<string, string>): string {
  return JSON.stringify(names.map((name) => labels[name] ?? null));
}

function sameNames(a: string[], b: string[]): boolean {
  return a.length === b.length && a.every((name, i) => name === b[i]);
}
