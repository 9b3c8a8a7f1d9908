import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { type LinkerdVizConfigOptions, linkerdVizConfig } from './scrape-config.ts';
import { LATEST_VIZ } from './viz-release.ts';

const MULTICLUSTER = 'linkerd-multicluster-controller';

const options: LinkerdVizConfigOptions = {
  apiServer: 'https://127.1.2.3:6443',
  caFile: '/run/ca.crt',
  tokenFile: '/run/token',
  scrapeIntervalMs: 2000,
  scrapeTimeoutMs: 1500,
  controlPlaneNamespace: 'linkerd',
  vizNamespace: 'linkerd-viz',
  selfAddress: '127.1.2.3:9090',
};

interface Job {
  job_name: string;
  kubernetes_sd_configs?: { role: string; namespaces?: { names: string[] } }[];
  relabel_configs: Record<string, unknown>[];
  metric_relabel_configs?: unknown[];
}
const jobs = (change: Partial<LinkerdVizConfigOptions> = {}): Job[] =>
  parse(linkerdVizConfig({ ...options, ...change })).scrape_configs;
const job = (name: string, change?: Partial<LinkerdVizConfigOptions>) => jobs(change).find((j) => j.job_name === name)!;

describe('linkerdVizConfig', () => {
  it("has linkerd-viz's five jobs and the intervals", () => {
    expect(jobs().map((j) => j.job_name)).toEqual([
      'prometheus',
      'kubernetes-nodes-cadvisor',
      'linkerd-controller',
      'linkerd-multicluster-controller',
      'linkerd-proxy',
    ]);
    expect(parse(linkerdVizConfig(options)).global).toEqual({
      scrape_interval: '2s',
      scrape_timeout: '1500ms',
      evaluation_interval: '2s',
    });
  });

  it('discovers with the CA and the token that are given', () => {
    for (const { kubernetes_sd_configs } of jobs().slice(1)) {
      expect(kubernetes_sd_configs).toMatchObject([
        {
          api_server: 'https://127.1.2.3:6443',
          authorization: { credentials_file: '/run/token' },
          tls_config: { ca_file: '/run/ca.crt' },
        },
      ]);
    }
    expect(job('linkerd-controller').kubernetes_sd_configs?.[0]?.namespaces?.names).toEqual(['linkerd', 'linkerd-viz']);
    expect(job('linkerd-proxy').kubernetes_sd_configs?.[0]).not.toHaveProperty('namespaces');
  });

  it('scrapes proxies, and nothing else, through the sidecar that it is told of', () => {
    const through = jobs({ proxyUrl: 'http://127.1.2.4:4140' }).map((j) => (j as { proxy_url?: string }).proxy_url);
    expect(through).toEqual([undefined, undefined, undefined, undefined, 'http://127.1.2.4:4140']);
    expect(job('linkerd-proxy')).not.toHaveProperty('proxy_url');
  });

  it('in a cluster finds the API by itself, as the chart has it', () => {
    const inCluster = { apiServer: undefined, caFile: undefined, tokenFile: undefined };
    const [, cadvisor, ...others] = jobs(inCluster);
    expect(cadvisor).toMatchObject({
      scheme: 'https',
      tls_config: {
        ca_file: '/var/run/secrets/kubernetes.io/serviceaccount/ca.crt',
        insecure_skip_verify: true,
      },
      bearer_token_file: '/var/run/secrets/kubernetes.io/serviceaccount/token',
      kubernetes_sd_configs: [{ role: 'node' }],
      relabel_configs: [
        { action: 'labelmap' },
        { target_label: '__address__', replacement: 'kubernetes.default.svc:443' },
        { replacement: '/api/v1/nodes/$1/proxy/metrics/cadvisor' },
      ],
    });
    expect(others.map((each) => each.kubernetes_sd_configs)).toEqual([
      [{ role: 'pod', namespaces: { names: ['linkerd', 'linkerd-viz'] } }],
      [{ role: 'pod' }],
      [{ role: 'pod' }],
    ]);
    // All else is the same wherever it runs.
    expect(job('linkerd-proxy', inCluster).relabel_configs).toEqual(job('linkerd-proxy').relabel_configs);
  });

  it('refuses half of an access to the API', () => {
    expect(() => linkerdVizConfig({ ...options, tokenFile: undefined })).toThrow('go together');
  });

  it('relabels the proxies rule for rule', () => {
    const meta = '__meta_kubernetes_pod_label_linkerd_io';
    expect(
      job('linkerd-proxy').relabel_configs.map((rule) =>
        [rule.action, rule.source_labels, rule.regex, rule.target_label, rule.replacement]
          .filter((part) => part !== undefined)
          .join(' '),
      ),
    ).toEqual([
      'keep __meta_kubernetes_pod_phase (Pending|Running)',
      `keep __meta_kubernetes_pod_container_name,__meta_kubernetes_pod_container_port_name,${meta}_control_plane_ns ^linkerd-proxy;linkerd-admin;linkerd$`,
      'replace __meta_kubernetes_namespace namespace',
      'replace __meta_kubernetes_pod_name pod',
      `replace ${meta}_proxy_job k8s_job`,
      `labeldrop ${meta}_proxy_job`,
      `labelmap ${meta}_proxy_(.+)`,
      `labeldrop ${meta}_proxy_(.+)`,
      `labelmap ${meta}_(.+)`,
      'labelmap __meta_kubernetes_pod_label_(.+) __tmp_pod_label_$1',
      'labelmap __tmp_pod_label_linkerd_io_(.+) __tmp_pod_label_$1',
      'labeldrop __tmp_pod_label_linkerd_io_(.+)',
      'labelmap __tmp_pod_label_(.+)',
    ]);
  });

  it('leaves the phase filter out for versions before 2.20', () => {
    const rules = job('linkerd-proxy', { viz: { ...LATEST_VIZ, phaseFilter: false } }).relabel_configs;
    expect(rules).toEqual(job('linkerd-proxy').relabel_configs.slice(1));
  });

  // As the charts have them: viz/charts/linkerd-viz/templates/prometheus.yaml at each tag.
  it.each([
    ['2.17', 'admin-http', 'linkerd-service-mirror', 'linkerd-service-mirror;admin-http$', []],
    ['2.18', 'admin-http', MULTICLUSTER, '(linkerd-service-mirror|controller);admin-http$', []],
    ['2.19', 'admin', MULTICLUSTER, '(linkerd-service-mirror|controller);admin$', []],
    ['2.20', '.*admin$', MULTICLUSTER, '(linkerd-service-mirror|controller);.*-admin$', ['linkerd-admin']],
  ] as const)('asks for controllers as linkerd-viz %s', (_, controllerKeep, multiclusterJob, multicluster, drops) => {
    const viz = { ...LATEST_VIZ, controllerKeep, multiclusterJob };
    const regexes = (name: string, action: string) =>
      job(name, { viz })
        .relabel_configs.filter((rule) => rule.action === action)
        .map(({ regex }) => regex);
    expect(jobs({ viz }).map((j) => j.job_name)[3]).toBe(multiclusterJob);
    expect(regexes('linkerd-controller', 'keep')).toEqual([controllerKeep]);
    expect(regexes(multiclusterJob, 'keep')).toEqual([multicluster]);
    for (const name of ['linkerd-controller', multiclusterJob]) {
      expect(regexes(name, 'drop')).toEqual(drops);
      expect(job(name, { viz }).relabel_configs.at(-1)).toMatchObject({ target_label: 'component' });
    }
  });

  it('names files of rules, and none when there are none', () => {
    expect(parse(linkerdVizConfig({ ...options, ruleFiles: ['a.yml'] })).rule_files).toEqual(['a.yml']);
    for (const ruleFiles of [undefined, []]) {
      expect(parse(linkerdVizConfig({ ...options, ruleFiles }))).not.toHaveProperty('rule_files');
    }
  });

  it('sends cadvisor scrapes through the API', () => {
    expect(job('kubernetes-nodes-cadvisor').relabel_configs).toMatchObject([
      { action: 'labelmap' },
      { target_label: '__address__', replacement: '127.1.2.3:6443' },
      { replacement: '/api/v1/nodes/$1/proxy/metrics/cadvisor' },
    ]);
  });

  it("takes the chart's additional metric relabelling", () => {
    const drop = { action: 'drop', source_labels: ['__name__'], regex: 'tcp_.*' };
    expect(job('linkerd-proxy', { metricRelabelConfigs: [drop] }).metric_relabel_configs).toEqual([drop]);
    expect(job('linkerd-proxy')).not.toHaveProperty('metric_relabel_configs');
  });
});
