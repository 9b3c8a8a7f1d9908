import type { FamilyProfile } from './types.ts';

/** One edit of a version's families, in the order of the page. */
export type FamilyChange = (families: readonly FamilyProfile[]) => readonly FamilyProfile[];

/** `*` stands for anything, `{a,b}` for one of several. */
function matcher(glob: string): (name: string) => boolean {
  const source = glob.replaceAll('*', '.*').replace(/\{([^}]*)\}/g, (_all, names: string) => {
    return `(?:${names.replaceAll(',', '|')})`;
  });
  const pattern = new RegExp(`^${source}$`);
  return (name) => pattern.test(name);
}

/** A glob that names no family is a slip of the pen. */
function demand(glob: string, found: boolean): void {
  if (!found) throw new Error(`profiles: no family ${glob} to change`);
}

/** The families are not there. */
export function without(...globs: string[]): FamilyChange {
  return (families) =>
    globs.reduce((left, glob) => {
      const matches = matcher(glob);
      const kept = left.filter(({ name }) => !matches(name));
      demand(glob, kept.length < left.length);
      return kept;
    }, families);
}

/** The families have other properties. */
export function changed(glob: string, change: (family: FamilyProfile) => Partial<FamilyProfile>): FamilyChange {
  const matches = matcher(glob);
  return (families) => {
    demand(
      glob,
      families.some(({ name }) => matches(name)),
    );
    return families.map((family) => (matches(family.name) ? { ...family, ...change(family) } : family));
  };
}

/** The families do not have these labels. */
export function withoutLabels(glob: string, labels: readonly string[]): FamilyChange {
  return changed(glob, (family) => ({ labels: family.labels.filter((label) => !labels.includes(label)) }));
}

/** One family has another name; it is counted as before. */
export function named(newer: string, older: string): FamilyChange {
  return changed(newer, (family) => ({ name: older, countedAs: family.countedAs ?? family.name }));
}

/** Families that only the older release has, before the one named; `null`: at the end. */
export function inserted(before: string | null, added: readonly FamilyProfile[]): FamilyChange {
  return (families) => {
    const at = before === null ? families.length : families.findIndex(({ name }) => name === before);
    demand(before ?? '', at >= 0);
    return [...families.slice(0, at), ...added, ...families.slice(at)];
  };
}

/** There is no second encoder yet. */
export function legacyOnly(): FamilyChange {
  return (families) => families.filter(({ encoder }) => encoder === 'legacy');
}
