import { HarnessError } from '../../core/errors.ts';
import type { FamilyKind, FamilyProfile, ProxyBehaviour, VersionProfile } from '../profiles/index.ts';
import { HistogramFamily, ScalarFamily } from './families.ts';

type AnyFamily = ScalarFamily | HistogramFamily;

/**
 * All families of a version in the order of its page. They are asked for by their newest names; what the version calls
 * otherwise is printed so, and a family that it lacks counts, but is not printed.
 */
export class Page {
  readonly #families = new Map<string, AnyFamily>();
  readonly #printed: { family: AnyFamily; leader: AnyFamily }[] = [];
  readonly #emptyHeaders: boolean;
  readonly behaviour: ProxyBehaviour;

  constructor(profile: VersionProfile) {
    this.#emptyHeaders = profile.headersOfEmptyFamilies;
    this.behaviour = profile.behaviour;
    const byName = new Map(profile.families.map((family) => [family.name, this.#add(family)]));
    for (const [name, family] of byName) {
      const { headerWith } = family.profile;
      this.#printed.push({ family, leader: byName.get(headerWith ?? name) ?? family });
    }
  }

  counter(name: string): ScalarFamily {
    return this.#scalar(name, 'counter');
  }

  gauge(name: string): ScalarFamily {
    return this.#scalar(name, 'gauge');
  }

  histogram(name: string): HistogramFamily {
    const family = this.#get(name, 'histogram');
    if (family instanceof HistogramFamily) return family;
    throw this.#wrongKind(name, 'histogram', family.profile.kind);
  }

  render(): string {
    let out = '';
    for (const { family, leader } of this.#printed) {
      const always = this.#emptyHeaders && family.profile.encoder === 'registry';
      if (always || leader.children.size > 0) out += family.header + family.body();
    }
    return this.behaviour.registry ? `${out}# EOF\n` : out;
  }

  #scalar(name: string, kind: 'counter' | 'gauge'): ScalarFamily {
    const family = this.#get(name, kind);
    if (family instanceof ScalarFamily && family.profile.kind === kind) return family;
    throw this.#wrongKind(name, kind, family.profile.kind);
  }

  #get(name: string, kind: FamilyKind): AnyFamily {
    return this.#families.get(name) ?? this.#add({ ...NOT_PRINTED, name, kind });
  }

  #add(profile: FamilyProfile): AnyFamily {
    const family = profile.kind === 'histogram' ? new HistogramFamily(profile) : new ScalarFamily(profile);
    this.#families.set(profile.countedAs ?? profile.name, family);
    return family;
  }

  #wrongKind(name: string, wanted: FamilyKind, found: FamilyKind): HarnessError {
    return new HarnessError('PROFILE_KIND', `family ${name} is a ${found} in the version's profile, not a ${wanted}`, {
      hint: 'correct the kind in harness/mesh/profiles',
    });
  }
}

const NOT_PRINTED: FamilyProfile = {
  name: '',
  encoder: 'registry',
  kind: 'counter',
  help: '',
  unit: null,
  labels: [],
  buckets: null,
  value: 'integer',
  headerWith: null,
};
