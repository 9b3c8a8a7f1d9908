import type { MicroResult } from '../../../result/bench/types.ts';
import { machines } from '../caveats.ts';
import { type Draft, matched } from '../draft.ts';
import { ofEstimates, unknown } from '../noise.ts';

export function microDrafts(a: MicroResult, b: MicroResult): Draft[] {
  return matched(a.benches, b.benches, ({ name }) => name).map(([name, [x], [y]]) => ({
    group: '',
    what: name,
    unit: 'x yardstick',
    a: x?.ratio.value ?? null,
    b: y?.ratio.value ?? null,
    better: 'lower',
    test: x && y ? ofEstimates(x.ratio, y.ratio) : unknown(''),
  }));
}

/** A row compares what machines of other speed share, so that another machine is worth a word, and no more. */
export function microCaveats(a: MicroResult, b: MicroResult): string[] {
  return machines(a.machine, b.machine);
}
