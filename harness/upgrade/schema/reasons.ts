import { type AppliedChange, type ChangeSubject, changeText } from '../../changes/index.ts';

/** The known changes of a step, asked for what is seen. */
export class Reasons {
  readonly #applied: readonly AppliedChange[];

  constructor(applied: readonly AppliedChange[]) {
    this.#applied = applied;
  }

  /** Of one kind of subject, in their order. */
  of<K extends ChangeSubject['kind']>(kind: K): Reason<K>[] {
    return this.#applied.filter((one): one is Reason<K> => one.change.subject.kind === kind);
  }

  /** Of a name that came by renaming what came in the same step: that. */
  family(name: string, seen: 'gone' | 'new'): AppliedChange | undefined {
    const own = this.of('family').find(({ change: { subject }, reversed }) => {
      const added = (subject.change === 'added') !== reversed;
      if (subject.change !== 'renamed') return subject.family.test(name) && added === (seen === 'new');
      return (seen === 'new') === reversed ? subject.family.test(name) : isNamed(name, subject.to);
    });
    const rewrite = own?.change.rewrite;
    if (rewrite?.kind !== 'rename-family' || name !== rewrite.to) return own;
    return this.family(rewrite.from, seen) ?? own;
  }

  label(family: string, of: Record<string, string>, label: string, seen: 'gone' | 'new'): AppliedChange | undefined {
    return this.of('label').find(({ change: { subject }, reversed }) => {
      const { direction = of.direction } = subject;
      const added = (subject.change === 'added') !== reversed;
      const here = of.direction === undefined || of.direction === direction;
      return subject.label === label && subject.family.test(family) && here && added === (seen === 'new');
    });
  }

  values(family: string, label: string, seen: 'emptied' | 'filled'): AppliedChange | undefined {
    return this.of('label-values').find(
      ({ change: { subject }, reversed }) =>
        subject.label === label &&
        subject.family.test(family) &&
        ((subject.change === 'emptied') !== reversed) === (seen === 'emptied'),
    );
  }

  value(family: string, label: string, value: string, seen: 'gone' | 'new'): AppliedChange | undefined {
    return this.of('label-value').find(({ change: { subject }, reversed }) => {
      if (subject.label !== label || !subject.family.test(family)) return false;
      const [before, after] = reversed ? [subject.to, subject.value] : [subject.value, subject.to];
      const gone = subject.change === 'added' ? after : before;
      return value === (seen === 'gone' ? gone : subject.change === 'renamed' ? after : subject.value);
    });
  }

  /** A change of meaning that accounts for it that a label comes, goes, or has other values. */
  meaning(family: string, label: string): AppliedChange | undefined {
    return this.of('meaning').find(
      ({ change: { subject } }) => subject.family.test(family) && subject.labels?.includes(label),
    );
  }

  help(family: string): AppliedChange | undefined {
    return this.of('help').find(({ change: { subject } }) => subject.family.test(family));
  }

  byId(id: string): AppliedChange | undefined {
    return this.#applied.find(({ change }) => change.id === id);
  }
}

export type Reason<K extends ChangeSubject['kind']> = AppliedChange & {
  change: { subject: Extract<ChangeSubject, { kind: K }> };
};

/** @param to a name, or the beginning of names with a star */
function isNamed(name: string, to: string | undefined): boolean {
  return to !== undefined && (to.endsWith('*') ? name.startsWith(to.slice(0, -1)) : name === to);
}

export const textOf = (reason: AppliedChange | undefined) => (reason ? changeText(reason) : '');
