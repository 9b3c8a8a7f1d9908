import { describe, expect, it } from 'vitest';
import { waitFor } from '../core/wait.ts';
import { PrometheusClient } from '../prometheus/client.ts';
import { parseScrapeJobs } from '../prometheus/relabel/config.ts';
import type { ScenarioResult } from '../result/types.ts';
import { parseScenario } from '../scenario/load.ts';
import { runScenario } from './scenario.ts';
import { openLocal, quietContext } from './testing/context.ts';
import { passing } from './testing/expect-passed.ts';
import { tempDir } from './testing/tools.ts';

const world = (version: string) => `apiVersion: meshproof/v1
kind: Scenario
metadata: { name: charts, description: A world of one release. }
namespace: shop
seed: 3
mesh: { version: "${version}", scrapeInterval: 2s }
services:
  - name: web
    calls: [{ service: cart }]
  - { name: cart, replicas: 2 }
traffic:
  - { executor: constant-arrival-rate, target: web, rate: 10/s, duration: 6s, maxVUs: 60 }
`;

interface Seen {
  result: ScenarioResult;
  jobs: string[];
  /** Of the control plane, as `container port`: those that job linkerd-controller has, and those that it drops. */
  controller: { kept: string[]; dropped: string[] };
  /** __meta_kubernetes_pod_container_init and the number of proxies that have it. */
  init: Record<string, number>;
  /** Every target, each at its last scrape. */
  up: boolean;
}

/** A world of this release that passes. */
function look(version: string): Promise<Seen> {
  return passing(
    () => lookOnce(version),
    ({ result }) => [result],
  );
}

async function lookOnce(version: string): Promise<Seen> {
  await using dir = await tempDir();
  const context = quietContext(dir.path);
  await using session = await openLocal(context);
  const seen: Omit<Seen, 'result'> = { jobs: [], controller: { kept: [], dropped: [] }, init: {}, up: false };
  const result = await runScenario(parseScenario(world(version), 'charts.yaml'), {
    ...{ session, context },
    linger: async ({ prometheusUrl }) => {
      const client = new PrometheusClient(prometheusUrl);
      // A scrape that timed out on the way is followed by one that did not.
      const { active, dropped } = await waitFor(
        async (look) => {
          const targets = await client.targets();
          const down = targets.active.filter(({ health }) => health !== 'up');
          look(down.map(({ scrapePool, lastError }) => `${scrapePool}: ${lastError}`));
          return down.length === 0 ? targets : undefined;
        },
        { what: 'a scrape of each target that succeeds', deadlineMs: 15_000, hint: '' },
      );
      seen.up = active.length > 0;
      seen.jobs = parseScrapeJobs(await client.config()).map(({ name }) => name);
      const components = (targets: typeof dropped) =>
        targets
          .filter(
            ({ scrapePool, discoveredLabels: of }) =>
              scrapePool === 'linkerd-controller' &&
              of.__meta_kubernetes_namespace === 'linkerd' &&
              of[CONTAINER] !== 'linkerd-proxy' &&
              of[PORT] !== undefined,
          )
          .map(({ discoveredLabels: of }) => `${of[CONTAINER]} ${of[PORT]}`)
          .sort();
      seen.controller = { kept: components(active), dropped: components(dropped) };
      for (const { scrapePool, discoveredLabels } of active) {
        if (scrapePool !== 'linkerd-proxy') continue;
        const init = discoveredLabels.__meta_kubernetes_pod_container_init!;
        seen.init[init] = (seen.init[init] ?? 0) + 1;
      }
    },
  });
  return { result, ...seen };
}

const CONTAINER = '__meta_kubernetes_pod_container_name';
const PORT = '__meta_kubernetes_pod_container_port_name';
const COMPONENTS = ['destination', 'identity', 'policy', 'proxy-injector', 'sp-validator'];
const NEW_NAMES = [
  ...['destination dest-admin', 'identity ident-admin', 'policy policy-admin', 'proxy-injector injector-admin'],
  'sp-validator spval-admin',
];
/** Three of the control plane, one that loads, three of the scenario. */
const PROXIES = 7;

describe('a world is as the charts of its release make it', { timeout: 180_000 }, () => {
  it('2.17: admin ports have one name, proxies are containers', async () => {
    const { result, jobs, controller, init, up } = await look('2.17');
    expect(result).toMatchObject({ verdict: 'pass', diagnoses: [] });
    expect(jobs).toContain('linkerd-service-mirror');
    expect(controller).toEqual({ kept: COMPONENTS.map((name) => `${name} admin-http`), dropped: [] });
    expect(init).toEqual({ false: PROXIES });
    expect(up).toBe(true);
  });

  it("2.19: the control plane's targets are lost, which is found and changes no verdict", async () => {
    const { result, jobs, controller, init, up } = await look('2.19');
    expect(jobs).toContain('linkerd-multicluster-controller');
    expect(controller).toEqual({ kept: [], dropped: NEW_NAMES });
    expect(init).toEqual({ false: PROXIES });
    expect(up).toBe(true);
    expect(result).toMatchObject({ verdict: 'pass', reasons: [] });
    expect(result.diagnoses).toMatchObject([
      {
        causes: ['control-plane-ports-renamed'],
        pods: [
          expect.stringMatching(/^linkerd\/linkerd-destination-/),
          expect.stringMatching(/^linkerd\/linkerd-identity-/),
          expect.stringMatching(/^linkerd\/linkerd-proxy-injector-/),
        ],
      },
    ]);
  });

  it('2.20: they are found again, proxies are init containers that stay', async () => {
    const { result, jobs, controller, init, up } = await look('2.20');
    expect(result).toMatchObject({ verdict: 'pass', diagnoses: [] });
    expect(jobs).toContain('linkerd-multicluster-controller');
    expect(controller).toEqual({ kept: NEW_NAMES, dropped: [] });
    expect(init).toEqual({ true: PROXIES });
    expect(up).toBe(true);
  });
});
