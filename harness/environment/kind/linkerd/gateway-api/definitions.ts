import { createHash } from 'node:crypto';
import { parseAllDocuments } from 'yaml';
import type { KubernetesObject } from '../../../kubernetes/contract.ts';

export const GROUP = 'gateway.networking.k8s.io';
/** Annotation of each definition: the release it is of. */
export const BUNDLE_VERSION = `${GROUP}/bundle-version`;
const CHANNEL = `${GROUP}/channel`;

/** The CustomResourceDefinitions of one release of the Gateway API. */
export interface Definitions {
  objects: KubernetesObject[];
  /** `v1.5.1` */
  version: string;
  /** SHA-256 of what they say, however it was packed: release file and Go module give the same. */
  digest: string;
}

/**
 * Takes the definitions out of a release's manifest. Its other objects are left out: the admission policy there refuses
 * older definitions, which is for a cluster that somebody keeps, not for one that tries versions out.
 * @throws Error saying what is wrong with it
 */
export function readDefinitions(manifest: string): Definitions {
  const documents = parseAllDocuments(manifest);
  if (!Array.isArray(documents)) throw new Error('it is empty');
  const broken = documents.flatMap(({ errors }) => errors)[0];
  if (broken) throw new Error(broken.message);
  return definitionsOf(documents.map((document) => document.toJS() as KubernetesObject | null));
}

/** @throws Error saying what is wrong with them */
export function definitionsOf(all: (KubernetesObject | null)[]): Definitions {
  const objects = all
    .filter((object) => object !== null)
    .filter(({ kind, spec }) => kind === 'CustomResourceDefinition' && (spec as { group?: string }).group === GROUP)
    // The status is the API server's to write.
    .map(({ status: _, ...object }) => object as KubernetesObject)
    .sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));
  if (!objects.some(({ metadata }) => metadata.name === `httproutes.${GROUP}`)) {
    throw new Error(`it does not define httproutes.${GROUP}`);
  }
  const versions = [...new Set(objects.map(({ metadata }) => metadata.annotations?.[BUNDLE_VERSION] ?? 'unknown'))];
  if (versions.length > 1) throw new Error(`it mixes the versions ${versions.join(', ')}`);
  const other = objects.find(({ metadata }) => metadata.annotations?.[CHANNEL] !== 'standard');
  if (other) throw new Error(`${other.metadata.name} is not of the standard channel`);
  const digest = createHash('sha256')
    .update(JSON.stringify(canonical(objects)))
    .digest('hex');
  return { objects, version: versions[0]!, digest };
}

/** The same value with the keys of its objects in order. */
function canonical(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(canonical);
  if (value === null || typeof value !== 'object') return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, inner]) => [key, canonical(inner)]));
}
