import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import { waitFor } from '../../../core/wait.ts';
import type { EvidencePod } from '../../../evidence/types.ts';
import { IdentityAuthority } from '../../../mesh/identity/authority.ts';
import { startKubernetesApi } from '../../../mesh/kubernetes/api.ts';
import { serviceAccountUser, vizPrometheusGrant } from '../../../mesh/kubernetes/rbac.ts';
import type { Pod } from '../../../mesh/kubernetes/types.ts';
import { linkerdVizConfig } from '../../scrape-config.ts';
import { startPrometheus } from '../../server.ts';
import { freePort, prometheusBinary } from '../../testing/binary.ts';
import { loopback } from '../../testing/loopback.ts';
import { parseScrapeJobs } from '../config.ts';
import { ODD_PODS } from './pods.ts';
import type { Recorded } from './recorded.ts';

/** Jobs beside those of linkerd-viz, as people write them. */
const MORE_JOBS = [
  {
    job_name: 'kubernetes-pods',
    namespaces: { names: ['shop', 'linkerd-viz'] },
    relabel_configs: [
      { source_labels: ['__meta_kubernetes_pod_annotation_prometheus_io_scrape'], action: 'keep', regex: true },
      {
        source_labels: ['__address__', '__meta_kubernetes_pod_annotation_prometheus_io_port'],
        regex: '([^:]+)(?::\\d+)?;(\\d+)',
        replacement: '$1:$2',
        target_label: '__address__',
      },
      { action: 'labelmap', regex: '__meta_kubernetes_pod_labelpresent_(.+)', replacement: 'has_$1' },
    ],
  },
  {
    job_name: 'no-init',
    scheme: 'https',
    metrics_path: '/stats',
    relabel_configs: [
      { source_labels: ['__meta_kubernetes_pod_container_init'], action: 'drop', regex: 'true' },
      { source_labels: ['__meta_kubernetes_pod_phase'], action: 'keep', regex: 'Running' },
      {
        action: 'labelmap',
        regex: '__meta_kubernetes_(pod_(?:ip|ready|phase|node_name|host_ip|uid|controller_.*|container_.*))',
      },
    ],
  },
];

/** Lets a real Prometheus discover ODD_PODS from the simulated API, and notes down what it makes of them. */
export async function record(): Promise<Recorded> {
  await using stack = new AsyncDisposableStack();
  const dir = await mkdtemp(join(tmpdir(), 'meshproof-test-'));
  stack.defer(() => rm(dir, { recursive: true, force: true }));
  const host = loopback();
  const authority = new IdentityAuthority({ trustDomain: 'cluster.local', controlPlaneNamespace: 'linkerd' });
  const api = stack.use(
    await startKubernetesApi({
      listen: { host, port: 0 },
      tls: authority.issueServing([host]),
      objects: ODD_PODS as unknown as Pod[],
      users: [{ name: serviceAccountUser('linkerd-viz', 'prometheus'), token: 'secret' }],
      rules: [vizPrometheusGrant('linkerd-viz')],
    }),
  );
  const port = await freePort(host);
  const [configFile, caFile, tokenFile] = ['prometheus.yml', 'ca.crt', 'token'].map((name) => join(dir, name));
  await writeFile(caFile!, authority.anchorPem);
  await writeFile(tokenFile!, 'secret');
  const viz = parse(
    linkerdVizConfig({
      apiServer: api.url,
      caFile: caFile!,
      tokenFile: tokenFile!,
      scrapeIntervalMs: 3_600_000,
      scrapeTimeoutMs: 10_000,
      controlPlaneNamespace: 'linkerd',
      vizNamespace: 'linkerd-viz',
      selfAddress: `${host}:${port}`,
    }),
  );
  const access = viz.scrape_configs.at(-1).kubernetes_sd_configs[0];
  viz.scrape_configs.push(
    ...MORE_JOBS.map(({ namespaces, ...job }) => ({
      ...job,
      kubernetes_sd_configs: [{ ...access, ...(namespaces && { namespaces }) }],
    })),
  );
  await writeFile(configFile!, stringify(viz, { aliasDuplicateObjects: false }));
  const { client } = stack.use(
    await startPrometheus({
      tool: { path: prometheusBinary() },
      configFile: configFile!,
      dataDir: join(dir, 'data'),
      listen: { host, port },
      logFile: join(dir, 'prometheus.log'),
    }),
  );
  const jobs = parseScrapeJobs(await client.config()).filter((job) =>
    job.kubernetes.some(({ role }) => role === 'pod'),
  );
  let before = -1;
  const targets = await waitFor(
    async (seen) => {
      const { active, dropped } = await client.targets();
      const ofPods = (all: { discoveredLabels: Record<string, string> }[]) =>
        new Set(all.map((t) => t.discoveredLabels.__meta_kubernetes_pod_name));
      const pods = new Set([...ofPods(active), ...ofPods(dropped)]);
      seen([...pods].join());
      const total = active.length + dropped.length;
      const rests = total === before;
      before = total;
      // All but the one without an address, and that not only in part.
      return pods.has('plane') && pods.has('plain') && pods.size >= ODD_PODS.length - 1 && rests
        ? { active, dropped }
        : undefined;
    },
    { what: 'discovery of the pods', deadlineMs: 30_000, everyMs: 1500, hint: 'see its log' },
  );
  const isOfPod = ({ scrapePool }: { scrapePool: string }) => jobs.some(({ name }) => name === scrapePool);
  return {
    jobs,
    pods: ODD_PODS as unknown as EvidencePod[],
    active: targets.active.filter(isOfPod).map(({ scrapePool, labels, discoveredLabels, scrapeUrl }) => ({
      scrapePool,
      labels,
      discoveredLabels,
      scrapeUrl,
    })),
    dropped: targets.dropped.filter(isOfPod),
  };
}
