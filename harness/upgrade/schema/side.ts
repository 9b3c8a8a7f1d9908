import type { FamilySchema, MeshSchema, TargetSchema } from '../types.ts';

/** What the worlds of one side show together: what any of them shows, and how many do. */
export interface Side {
  /** Of each scenario. */
  worlds: Seen;
  families: ReadonlyMap<string, SideFamily>;
  /** Headers of families without a series are printed: what has neither is unknown to its proxies. */
  printsEmpty: boolean;
  /** The page's end mark. */
  end: string;
  /** Families of which a page had the same series twice. */
  duplicates: string[];
  /** By job and what stands behind them. */
  targets: ReadonlyMap<string, TargetSchema>;
  rules: Readonly<Record<string, string[]>>;
  adminPorts: Readonly<Record<string, string>>;
  seriesPerProxy: number;
  bytesPerScrape: number;
}

export interface SideFamily extends Pick<FamilySchema, 'name' | 'type' | 'unit' | 'help' | 'buckets'> {
  /** Worlds in which it has series. */
  shown: Seen;
  /** By direction and peer, as text. */
  variants: Map<string, SideVariant>;
}

export interface SideVariant {
  of: Record<string, string>;
  series: number;
  labels: Map<string, SideLabel>;
}

export interface SideLabel {
  open: boolean;
  worlds: Seen;
  /** Each value with the worlds that have it. */
  values: Map<string, Seen>;
  /** In every world every series has it. */
  everywhere: boolean;
}

/** In how many worlds of each scenario. */
export class Seen {
  readonly #counts = new Map<string, number>();

  add(scenario: string): void {
    this.#counts.set(scenario, this.in(scenario) + 1);
  }

  in(scenario: string): number {
    return this.#counts.get(scenario) ?? 0;
  }

  get scenarios(): string[] {
    return [...this.#counts.keys()];
  }

  get any(): boolean {
    return this.#counts.size > 0;
  }
}

/**
 * In how many worlds of one scenario something was seen throughout, where the other side has as many of that scenario; 0: only in
 * some of them, so that it may have been chance.
 */
export function throughout(seen: Seen, here: Side, there: Side): number {
  const counts = seen.scenarios
    .filter((scenario) => seen.in(scenario) === here.worlds.in(scenario))
    .map((scenario) => Math.min(seen.in(scenario), there.worlds.in(scenario)));
  return Math.max(0, ...counts);
}

export function sideOf(schemas: readonly MeshSchema[]): Side {
  const families = new Map<string, SideFamily>();
  const targets = new Map<string, TargetSchema>();
  const worlds = new Seen();
  for (const schema of schemas) {
    const { scenario = '' } = schema;
    worlds.add(scenario);
    for (const family of schema.families) addFamily(families, family, scenario);
    for (const target of schema.targets) addTarget(targets, target);
  }
  const mean = (of: (schema: MeshSchema) => number) =>
    schemas.reduce((sum, schema) => sum + of(schema), 0) / Math.max(1, schemas.length);
  return {
    worlds,
    families,
    printsEmpty: schemas.some(({ page }) => page['families without a series'] === 'headers'),
    end: schemas[0]?.page.end ?? '',
    duplicates: [...new Set(schemas.flatMap(({ page }) => (page.duplicates ?? '').split(', ')))].filter(Boolean).sort(),
    targets,
    rules: Object.assign({}, ...schemas.map(({ rules }) => rules ?? {})),
    adminPorts: Object.assign({}, ...schemas.map(({ adminPorts }) => adminPorts ?? {})),
    seriesPerProxy: mean(({ seriesPerProxy }) => seriesPerProxy),
    bytesPerScrape: mean(({ bytesPerScrape }) => bytesPerScrape),
  };
}

function addFamily(families: Map<string, SideFamily>, schema: FamilySchema, scenario: string): void {
  const { name, type, unit, help, buckets } = schema;
  const family = families.get(name) ?? { name, type, unit, help, buckets, shown: new Seen(), variants: new Map() };
  families.set(name, family);
  family.type ||= type;
  family.unit ||= unit;
  family.help ||= help;
  family.buckets ??= buckets;
  if (!schema.empty) family.shown.add(scenario);
  for (const { of, labels, series } of schema.variants) {
    const key = variantKey(of);
    const variant = family.variants.get(key) ?? { of, series: 0, labels: new Map<string, SideLabel>() };
    family.variants.set(key, variant);
    variant.series += series;
    for (const { name: label, open, values, everywhere = false } of labels) {
      const known = variant.labels.get(label) ?? {
        open,
        worlds: new Seen(),
        values: new Map<string, Seen>(),
        everywhere: true,
      };
      variant.labels.set(label, known);
      known.open ||= open;
      known.worlds.add(scenario);
      known.everywhere &&= everywhere;
      for (const value of values) {
        const seen = known.values.get(value) ?? new Seen();
        known.values.set(value, seen);
        seen.add(scenario);
      }
    }
  }
}

const variantKey = (of: Record<string, string>) => JSON.stringify(Object.entries(of).sort());

function addTarget(targets: Map<string, TargetSchema>, target: TargetSchema): void {
  const key = `${target.job}/${target.of}`;
  const known = targets.get(key);
  if (!known) targets.set(key, target);
  else {
    targets.set(key, {
      ...known,
      up: Math.max(known.up, target.up),
      down: Math.min(known.down, target.down),
      native: Math.max(known.native, target.native),
      labels: [...new Set([...known.labels, ...target.labels])].sort(),
    });
  }
}
