import { describe, expect, it } from 'vitest';
import type { EvidencePod } from '../../evidence/types.ts';
import { kubernetesObjects } from '../../mesh/kubernetes/objects.ts';
import { findProfile, PROFILES } from '../../mesh/profiles/index.ts';
import type { ChartProfile } from '../../mesh/profiles/types.ts';
import { parseScrapeJobs } from '../../prometheus/relabel/config.ts';
import { explainPod } from '../../prometheus/relabel/target.ts';
import { prometheusYaml } from '../../prometheus/scrape-config.ts';
import { parseScenario } from '../../scenario/load.ts';
import { draftOf } from './draft.ts';
import { planLocal } from './plan.ts';
import { paperSpace } from './testing/space.ts';

const scenario = parseScenario(
  `apiVersion: meshproof/v1
kind: Scenario
metadata: { name: one, description: One service. }
namespace: shop
services: [{ name: web }]
traffic: [{ executor: constant-arrival-rate, target: web, rate: 5/s, duration: 10s }]
`,
  'one.yaml',
);

const CONTAINER = '__meta_kubernetes_pod_container_name';

/** What Prometheus makes of a release's pods: containers of the control plane by outcome, proxies by container_init. */
async function seen(version: string) {
  const ofVersion = { ...scenario, mesh: { ...scenario.mesh, version } };
  const { mesh, prometheus } = draftOf(ofVersion, await planLocal(ofVersion, '/results/one', paperSpace()));
  const { linkerdVersion, chart } = findProfile(mesh.version);
  const release = { linkerdVersion, nativeSidecar: chart.nativeSidecar, now: new Date() };
  const pods = kubernetesObjects(mesh, release).filter(({ kind }) => kind === 'Pod') as unknown as EvidencePod[];
  const targetsOf = (pool: string) => {
    const job = parseScrapeJobs(prometheusYaml(prometheus)).find(({ name }) => name === pool)!;
    return pods.flatMap((pod) => explainPod(job, pod) ?? []);
  };
  const components = targetsOf('linkerd-controller').filter(({ discovered }) =>
    discovered.__meta_kubernetes_pod_container_port_name?.includes('admin'),
  );
  const of = (outcome: string) =>
    components
      .filter((target) => target.outcome === outcome && target.discovered[CONTAINER] !== 'linkerd-proxy')
      .map(({ discovered }) => discovered[CONTAINER])
      .sort();
  const proxies = targetsOf('linkerd-proxy').filter(({ outcome }) => outcome === 'kept');
  return {
    kept: of('kept'),
    dropped: of('dropped'),
    init: [...new Set(proxies.map(({ discovered }) => discovered.__meta_kubernetes_pod_container_init))],
    proxies: proxies.length,
    /** Proxies that job linkerd-controller would scrape. */
    strays: components.filter(
      ({ outcome, discovered }) => outcome === 'kept' && discovered[CONTAINER] === 'linkerd-proxy',
    ).length,
  };
}

const ALL = ['destination', 'identity', 'policy', 'proxy-injector', 'sp-validator'];

describe('targets of a local world, by release', () => {
  const lost: Record<string, string[]> = {
    // The policy controller's port is called `admin` there, and the job keeps `admin-http`.
    '2.12': ['policy'],
    '2.19': ALL,
  };
  it.each(PROFILES.map(({ linkerdVersion, chart }) => [linkerdVersion, chart] as [string, ChartProfile]))(
    '%s',
    async (version, { nativeSidecar }) => {
      const dropped = lost[version] ?? [];
      expect(await seen(version)).toEqual({
        ...{ kept: ALL.filter((name) => !dropped.includes(name)), dropped },
        // Three of the control plane, the one that loads, the scenario's.
        ...{ init: [String(nativeSidecar)], proxies: 5, strays: 0 },
      });
    },
  );
});
