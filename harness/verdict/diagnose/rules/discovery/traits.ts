import type { ScrapeJob } from '../../../../evidence/types.ts';
import type { Labels } from '../../../../prometheus/client.ts';
import type { DroppingRule } from '../../../../prometheus/relabel/engine.ts';
import { discoverPod } from '../../../../prometheus/relabel/pod-discovery.ts';
import {
  type ExplainedTarget,
  explainTarget,
  looksInto,
  withJobLabels,
} from '../../../../prometheus/relabel/target.ts';
import { type Context, takes } from '../../context/index.ts';
import { ANNOTATION, PORT_NAME } from '../../context/jobs.ts';
import { ADMIN_PORT_NAME, PROXY_CONTAINER, type ProxyPod } from '../../context/proxies.ts';
import { isUnreadable } from '../../context/targets.ts';

/** What a job for proxies may ask of a target. */
export type Trait = 'container' | 'port' | 'label' | 'annotation' | 'phase' | 'init';

/** Why a job drops a proxy's target. */
export interface Dropped {
  job: ScrapeJob;
  /** Each of them alone is enough: with the others as they should be, the target would still be dropped. */
  traits: ReadonlyMap<Trait, DroppingRule>;
  /** The control-plane namespace that the job asks for. */
  wantedNamespace: string;
}

const META = '__meta_kubernetes_pod_';
const CONTAINER_NAME = `${META}container_name`;
export const LABEL = `${META}label_linkerd_io_control_plane_ns`;
const LABEL_PRESENT = `${META}labelpresent_linkerd_io_control_plane_ns`;
const PHASE = `${META}phase`;
const INIT = `${META}container_init`;

/**
 * Finds out by trial what of a pod a job drops it for: the target with everything as it should be, then with one trait as it
 * is. So several faults of one pod, and those of the job beside them, are found each for itself.
 * @returns null when the job keeps the target, does not look there, or drops it for something else
 */
export function whyDropsProxy(context: Context, job: ScrapeJob, proxy: ProxyPod): Dropped | null {
  const actual = discoveredAdmin(job, proxy);
  if (actual === null || !looksInto(job, proxy.namespace)) return null;
  if (explain(job, actual)?.outcome !== 'dropped') return null;
  const ideal = idealFor(context, job, actual);
  if (ideal === null) return null;
  const traits = new Map<Trait, DroppingRule>();
  for (const [trait, labels] of Object.entries(ideal.traits) as [Trait, Labels][]) {
    const one = { ...ideal.labels };
    for (const name of Object.keys(labels)) set(one, name, actual[name] ?? '');
    const explained = explain(job, one);
    if (explained?.outcome === 'dropped') traits.set(trait, explained.by);
  }
  return { job, traits, wantedNamespace: ideal.namespace };
}

/**
 * Of a target that the job takes: the rule that would drop it if its pod had the label that it should have. Such a rule is
 * wrong, and so is the label; together they let the pod pass.
 */
export function dropsOnceLabelled(context: Context, job: ScrapeJob, proxy: ProxyPod): DroppingRule | null {
  const labels = { ...discoveredAdmin(job, proxy) };
  if (labels.__address__ === undefined || explain(job, labels)?.outcome !== 'kept') return null;
  set(labels, LABEL, context.evidence.controlPlaneNamespace);
  set(labels, LABEL_PRESENT, 'true');
  const explained = explain(job, labels);
  return explained?.outcome === 'dropped' ? explained.by : null;
}

/** Whether any job for proxies takes it, and not by an accident of that kind. */
export function isTaken(context: Context, proxy: ProxyPod): boolean {
  return context.proxyJobs.some((job) => takes(context, job, proxy) && dropsOnceLabelled(context, job, proxy) === null);
}

function explain(job: ScrapeJob, labels: Labels): ExplainedTarget | null {
  try {
    return explainTarget(job, labels);
  } catch (error) {
    if (isUnreadable(error)) return null;
    throw error;
  }
}

/** Discovery's labels of a proxy's admin port as they would have to be for the job to keep it; null where nothing helps. */
export function keptAdmin(context: Context, job: ScrapeJob, proxy: ProxyPod): Labels | null {
  const actual = discoveredAdmin(job, proxy);
  if (actual === null || !looksInto(job, proxy.namespace)) return null;
  if (explain(job, actual) === null) return null;
  return explain(job, actual)?.outcome === 'kept' ? actual : (idealFor(context, job, actual)?.labels ?? null);
}

/** Discovery's labels of a proxy's admin port; where the container names no such port, as if it had one without a name. */
export function discoveredAdmin(job: ScrapeJob, proxy: ProxyPod): Labels | null {
  const ofContainer = discoverPod(proxy.pod).filter(
    (labels) => labels[CONTAINER_NAME] === proxy.container.name && labels[INIT] === String(proxy.isInit),
  );
  const [first] = ofContainer;
  if (first === undefined || proxy.adminAddress === null) return null;
  const admin = ofContainer.find((labels) => labels.__address__ === proxy.adminAddress);
  const { [PORT_NAME]: _name, ...unnamed } = first;
  return withJobLabels(job, admin ?? { ...unnamed, __address__: proxy.adminAddress });
}

interface Ideal {
  labels: Labels;
  namespace: string;
  /** The labels that make up each trait. */
  traits: Partial<Record<Trait, Labels>>;
}

/** The nearest target that the job keeps: the names that the injector gives, and as few other changes as do. */
function idealFor(context: Context, job: ScrapeJob, actual: Labels): Ideal | null {
  const further: Partial<Record<Trait, Labels>> = {
    annotation: annotationsWanted(job),
    phase: { [PHASE]: 'Running' },
    init: { [INIT]: actual[INIT] === 'true' ? 'false' : 'true' },
  };
  for (const extra of subsets(['annotation', 'phase', 'init'] as const)) {
    for (const namespace of namespacesWanted(context, job)) {
      const traits: Partial<Record<Trait, Labels>> = {
        container: { [CONTAINER_NAME]: PROXY_CONTAINER },
        port: { [PORT_NAME]: ADMIN_PORT_NAME },
        label: { [LABEL]: namespace, [LABEL_PRESENT]: namespace === '' ? '' : 'true' },
      };
      for (const trait of extra) traits[trait] = further[trait];
      const labels = { ...actual };
      for (const changes of Object.values(traits)) {
        for (const [name, value] of Object.entries(changes)) set(labels, name, value);
      }
      if (explain(job, labels)?.outcome === 'kept') return { labels, namespace, traits };
    }
  }
  return null;
}

function set(labels: Labels, name: string, value: string): void {
  if (value === '') delete labels[name];
  else labels[name] = value;
}

/** The smallest first. */
function subsets<T>(items: readonly T[]): T[][] {
  const all: T[][] = [[]];
  for (const item of items) all.push(...all.map((one) => [...one, item]));
  return all.sort((a, b) => a.length - b.length);
}

/** The mesh's own, then those that the job's keep rules spell out, then none. */
function namespacesWanted(context: Context, job: ScrapeJob): string[] {
  const spelled = job.relabel
    .filter(({ action, sourceLabels }) => action === 'keep' && sourceLabels.includes(LABEL))
    .flatMap(({ regex, separator, sourceLabels }) => {
      const parts = regex.split(separator);
      const part = parts.length === sourceLabels.length ? parts[sourceLabels.indexOf(LABEL)] : parts.at(-1);
      return literals(part ?? '');
    });
  return [...new Set([context.evidence.controlPlaneNamespace, ...spelled, ''])];
}

function annotationsWanted(job: ScrapeJob): Labels {
  const wanted: Labels = {};
  for (const { action, sourceLabels, regex, separator } of job.relabel) {
    if (action !== 'keep') continue;
    const parts = regex.split(separator);
    for (const [i, name] of sourceLabels.entries()) {
      if (!ANNOTATION.test(name)) continue;
      const part = parts.length === sourceLabels.length ? parts[i]! : regex;
      wanted[name] = literals(part).find((value) => value !== '') ?? 'true';
    }
  }
  return wanted;
}

/** Alternatives of an expression that are plain text: `^(a|b)$` is a and b. */
function literals(regex: string): string[] {
  const bare = regex
    .replace(/^\^/, '')
    .replace(/\$$/, '')
    .replace(/^\((?:\?:)?(.*)\)$/, '$1');
  return bare
    .split('|')
    .map((text) => text.replace(/\\(\W)/g, '$1'))
    .filter((text) => !/[[\](){}*+?^$]/.test(text));
}
