import type { Draft } from '../../faults/draft.ts';
import { apiFiles } from '../../mesh/api-files.ts';
import { findProfile } from '../../mesh/profiles/index.ts';
import { RULES_FILE } from '../../prometheus/rule-file.ts';
import { linkerdVizSettings } from '../../prometheus/scrape-config.ts';
import { LIFECYCLE_ARG } from '../../prometheus/server.ts';
import type { Scenario } from '../../scenario/model.ts';
import type { Address } from './addresses.ts';
import { CONTROL_PLANE_NAMESPACE, type LocalPlan, VIZ_NAMESPACE } from './plan.ts';
import { withoutProxies } from './unmeshed.ts';

/**
 * What faults may change of a plan; without any it is the plan, of an unmeshed scenario without its proxies, and linkerd-viz's
 * own prometheus.yml, as of the release.
 */
export function draftOf(scenario: Scenario, plan: LocalPlan): Draft {
  const { topology, mesh, processes, loadHosts, prometheusPod } = plan;
  const { caFile, tokenFile } = apiFiles(mesh.dir);
  const { scrapeIntervalMs } = scenario.mesh;
  const timed = scenario.faults?.some(({ atMs, untilMs }) => atMs !== null || untilMs !== null);
  const draft: Draft = {
    ...{ scenario, topology, mesh, processes, loadHosts },
    prometheus: linkerdVizSettings({
      apiServer: `https://${hostPort(mesh.kubernetesApi)}`,
      ...{ caFile, tokenFile, scrapeIntervalMs, scrapeTimeoutMs: scrapeIntervalMs },
      controlPlaneNamespace: CONTROL_PLANE_NAMESPACE,
      vizNamespace: VIZ_NAMESPACE,
      viz: findProfile(scenario.mesh.version).chart.viz,
      ...(scenario.rules !== undefined && { ruleFiles: [RULES_FILE] }),
      selfAddress: hostPort(plan.prometheus),
      ...(prometheusPod && { proxyUrl: `http://${hostPort(prometheusPod.outbound)}` }),
    }),
    prometheusArgs: timed ? [LIFECYCLE_ARG] : [],
    prometheusAheadMs: 0,
  };
  if (scenario.unmeshed) withoutProxies(draft);
  return draft;
}

function hostPort({ host, port }: Address): string {
  return `${host}:${port}`;
}
