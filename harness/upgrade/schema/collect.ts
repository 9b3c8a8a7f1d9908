import type { Topology } from '../../core/topology.ts';
import { waitFor } from '../../core/wait.ts';
import type { ProxyPage, RunningEnvironment } from '../../environment/contract.ts';
import { PrometheusClient } from '../../prometheus/client.ts';
import type { Scenario } from '../../scenario/model.ts';
import type { MeshSchema } from '../types.ts';
import { schemaOfPages } from './pages.ts';
import { adminPortsOf, rulesOf, targetSchemas } from './targets.ts';

/**
 * What a running mesh exposes: the pages of the app's proxies (not those of the control plane's own), and the targets that its
 * Prometheus has. Whole or not at all: a page that is missing would look like families that are gone.
 * @throws HarnessError BAD_PAGE, PROMETHEUS_UNREACHABLE, PROMETHEUS_ERROR; DeadlineExceededError when a page can't be read
 */
export async function collectSchema(env: RunningEnvironment, scenario: Scenario): Promise<MeshSchema> {
  const client = new PrometheusClient(env.prometheusUrl);
  const [pages, { active, dropped }, config] = await Promise.all([allPages(env), client.targets(), client.config()]);
  const { controlPlaneNamespace } = env.topology;
  const own = pages.filter(({ namespace }) => namespace !== controlPlaneNamespace);
  return {
    scenario: scenario.name,
    ...schemaOfPages(
      own.map(({ text }) => text),
      namesOf(env.topology, scenario),
    ),
    targets: targetSchemas(active),
    rules: rulesOf(config),
    adminPorts: adminPortsOf(active, dropped, controlPlaneNamespace),
  };
}

/** A machine that is busy answers some of many requests late. */
const PAGES_DEADLINE_MS = 30_000;

function allPages(env: RunningEnvironment): Promise<ProxyPage[]> {
  return waitFor(
    async (seen) => {
      const { pages, unread } = await env.readProxyPages();
      seen(unread.map(({ pod, error }) => `${pod}: ${error}`).join('; '));
      return unread.length === 0 ? pages : undefined;
    },
    {
      what: 'the page of every proxy is read',
      deadlineMs: PAGES_DEADLINE_MS,
      hint: 'is a proxy gone, or its port closed?',
    },
  );
}

/** What the mesh's own objects are called. */
function namesOf({ workloads, pods, services }: Topology, scenario: Scenario): Set<string> {
  return new Set(
    [
      ...workloads.flatMap(({ name, namespace, identity, serviceAccount }) => [
        name,
        namespace,
        identity,
        serviceAccount,
      ]),
      ...pods.flatMap(({ name, ip, instance }) => [name, ip, instance]),
      ...services.flatMap(({ name, authority }) => [name, authority]),
      ...scenario.services.map(({ name }) => name),
    ].filter((name) => name !== ''),
  );
}
