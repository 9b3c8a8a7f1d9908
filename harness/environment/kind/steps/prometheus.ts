import { HarnessError } from '../../../core/errors.ts';
import { PrometheusClient } from '../../../prometheus/client.ts';
import { rulesRefused } from '../../../prometheus/rule-file.ts';
import type { Scenario } from '../../../scenario/model.ts';
import { type FirstScrapes, waitForFirstScrapes } from '../../first-scrapes.ts';
import type { Kube, ListOptions, PodObject } from '../../kubernetes/contract.ts';
import { readLog } from '../../kubernetes/observe.ts';
import { waitForPods } from '../../kubernetes/ready.ts';
import { type Images, type InstalledMesh, VIZ_NAMESPACE } from '../contract.ts';
import { PROMETHEUS_LABELS, prometheusObjects } from '../manifests/prometheus.ts';
import { type DeployContext, deploy } from './deploy.ts';

const READY_MS = 90_000;
/** The API server answers discovery within seconds, on a busy machine too. */
const DISCOVERY_MS = 30_000;
const LOOK_EVERY_MS = 200;
const LOG_EVERY_MS = 1000;
const LOG_LINES = 200;

/** The scenario asks for it, or the user, and there is a mesh for it to be in. */
export function isMeshed(scenario: Scenario, options: { meshedPrometheus: boolean }): boolean {
  return !scenario.unmeshed && (options.meshedPrometheus || scenario.mesh.prometheus === 'meshed');
}

/** A scenario's own Prometheus, serving. @throws HarnessError RULES_REFUSED; what `deploy` and `waitForPods` throw */
export async function deployPrometheus(
  kube: Kube,
  scenario: Scenario,
  images: Pick<Images, 'prometheus' | 'load'>,
  context: DeployContext & {
    mesh: Pick<InstalledMesh, 'kind' | 'version'>;
    options: { meshedPrometheus: boolean };
    mayListPods?: boolean;
  },
): Promise<PodObject> {
  const meshed = isMeshed(scenario, context.options);
  const objects = prometheusObjects({
    scenario,
    images,
    mesh: context.mesh,
    meshed,
    mayListPods: context.mayListPods,
  });
  await deploy(kube, [VIZ_NAMESPACE], objects, context);
  const labelSelector = Object.entries(PROMETHEUS_LABELS)
    .map(([key, value]) => `${key}=${value}`)
    .join(',');
  const select = { namespace: VIZ_NAMESPACE, labelSelector };
  const { signal, check } = context;
  try {
    const [pod] = await waitForPods(kube, {
      ...{ what: 'Prometheus', select, expected: 1, deadlineMs: READY_MS },
      ...{ signal, check },
    });
    return pod!;
  } catch (error) {
    throw (scenario.rules === undefined ? null : await refusedRules(kube, select)) ?? error;
  }
}

/** Of a Prometheus that does not come up. null: it is not for its rules. */
async function refusedRules(kube: Kube, select: ListOptions): Promise<HarnessError | null> {
  const pods = await kube.list<PodObject>({ apiVersion: 'v1', kind: 'Pod' }, select).catch(() => []);
  for (const pod of pods) {
    for (const previous of [true, false]) {
      const log = await readLog(kube, pod, 'prometheus', { previous, tailLines: LOG_LINES }).catch(() => '');
      const refused = rulesRefused(log, `they are in the ConfigMap ${pod.metadata.namespace}/prometheus-config`);
      if (refused) return refused;
    }
  }
  return null;
}

/**
 * Waits until Prometheus has scraped each of these sidecars once.
 * @param prometheus.url where its API is reached from here
 * @param prometheus.pod the pod that it is, whose log is read when it finds nothing
 * @throws HarnessError PROMETHEUS_FORBIDDEN when the API server does not let it look; what `waitForFirstScrapes` throws
 */
export async function firstScrapes(
  kube: Kube,
  prometheus: { url: string; pod: PodObject },
  options: Pick<FirstScrapes, 'instances' | 'scrapeIntervalMs' | 'signal' | 'check'>,
): Promise<void> {
  let lookedAt = performance.now();
  await waitForFirstScrapes({
    ...options,
    client: new PrometheusClient(prometheus.url),
    discoveryMs: DISCOVERY_MS,
    everyMs: LOOK_EVERY_MS,
    hint: `see the log of ${prometheus.pod.metadata.namespace}/${prometheus.pod.metadata.name} and ${prometheus.url}/targets`,
    whileNone: async () => {
      if (performance.now() - lookedAt < LOG_EVERY_MS) return;
      lookedAt = performance.now();
      await refuseForbidden(kube, prometheus.pod);
    },
  });
}

/** @throws HarnessError PROMETHEUS_FORBIDDEN */
async function refuseForbidden(kube: Kube, pod: PodObject): Promise<void> {
  // Without a log there is nothing to say, yet.
  const log = await readLog(kube, pod, 'prometheus', { tailLines: LOG_LINES }).catch(() => '');
  const line = log.split('\n').findLast((each) => / is forbidden: /.test(each));
  if (!line) return;
  throw new HarnessError('PROMETHEUS_FORBIDDEN', `Prometheus may not look for pods in the cluster: ${line.trim()}`, {
    hint:
      `its ServiceAccount must be bound to a ClusterRole that allows get, list and watch of pods, nodes and nodes/proxy; ` +
      `linkerd-viz's is linkerd-${VIZ_NAMESPACE}-prometheus`,
  });
}
