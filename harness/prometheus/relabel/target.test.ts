import { describe, expect, it } from 'vitest';
import type { EvidencePod } from '../../evidence/types.ts';
import { linkerdVizConfig } from '../scrape-config.ts';
import { parseScrapeJobs } from './config.ts';
import { printDuration, readDuration } from './durations.ts';
import { explainPod, explainTarget, withJobLabels } from './target.ts';
import { somePod } from './testing/pods.ts';

const VIZ = linkerdVizConfig({
  scrapeIntervalMs: 10_000,
  scrapeTimeoutMs: 10_000,
  controlPlaneNamespace: 'linkerd',
  vizNamespace: 'linkerd-viz',
  selfAddress: 'localhost:9090',
});
const jobs = new Map(parseScrapeJobs(VIZ).map((job) => [job.name, job]));
const proxies = jobs.get('linkerd-proxy')!;
const pod = (...args: Parameters<typeof somePod>) => somePod(...args) as unknown as EvidencePod;
const targets = (of: EvidencePod) => explainPod(proxies, of)!;

describe('explainPod', () => {
  it('says what is scraped, where, with which labels', () => {
    const kept = targets(pod('web-1', '10.1.2.3')).flatMap((t) => (t.outcome === 'kept' ? [t] : []));
    expect(kept.map(({ url, labels }) => ({ url, labels }))).toEqual([
      {
        url: 'http://10.1.2.3:4191/metrics',
        labels: {
          job: 'linkerd-proxy',
          instance: '10.1.2.3:4191',
          namespace: 'shop',
          pod: 'web-1',
          app: 'web',
          control_plane_ns: 'linkerd',
          deployment: 'web',
        },
      },
    ]);
  });

  it('says which rule drops the rest, and why', () => {
    const admin = { name: 'admin', containerPort: 4191, protocol: 'TCP' };
    const renamed = pod('web-1', '10.1.2.3', { spec: { containers: [{ name: 'linkerd-proxy', ports: [admin] }] } });
    expect(targets(renamed).map((t) => t.outcome === 'dropped' && t.why)).toEqual([
      'relabel rule 2 (keep): "linkerd-proxy;admin;linkerd" of __meta_kubernetes_pod_container_name = "linkerd-proxy", ' +
        '__meta_kubernetes_pod_container_port_name = "admin", ' +
        '__meta_kubernetes_pod_label_linkerd_io_control_plane_ns = "linkerd" does not match ^linkerd-proxy;linkerd-admin;linkerd$',
    ]);
    const done = pod('web-1', '10.1.2.3', { status: { phase: 'Succeeded' } });
    expect(targets(done).map((t) => t.outcome === 'dropped' && [t.by.index, t.by.value])).toEqual(
      Array(3).fill([0, 'Succeeded']),
    );
  });

  it('knows what a job does not look at', () => {
    expect(explainPod(jobs.get('linkerd-controller')!, pod('web-1', '10.1.2.3'))).toBeNull();
    expect(explainPod(jobs.get('prometheus')!, pod('web-1', '10.1.2.3'))).toBeNull();
    expect(targets(pod('web-1', ''))).toEqual([]);
  });

  it('calls invalid what can be kept but not scraped', () => {
    const job = { ...proxies, relabel: [] };
    const of = (labels: object) => explainTarget(job, withJobLabels(job, { __address__: 'a:1', ...labels }));
    expect(of({})).toMatchObject({ outcome: 'kept', url: 'http://a:1/metrics' });
    expect(of({ __address__: '' })).toMatchObject({ outcome: 'invalid', why: 'no address' });
    expect(of({ __address__: 'http://a' })).toMatchObject({
      outcome: 'invalid',
      why: expect.stringContaining('hostname'),
    });
    expect(of({ __scrape_timeout__: '11s' })).toMatchObject({
      why: 'scrape timeout 11s is greater than scrape interval 10s',
    });
    expect(of({ __scrape_interval__: 'often' })).toMatchObject({ outcome: 'invalid' });
  });
});

describe('parseScrapeJobs', () => {
  it('fills in what Prometheus fills in', () => {
    expect(parseScrapeJobs('scrape_configs:\n- job_name: a\n- job_name: b\n  scrape_interval: 5s')).toMatchObject([
      {
        name: 'a',
        intervalMs: 60_000,
        timeoutMs: 10_000,
        scheme: 'http',
        metricsPath: '/metrics',
        honorLabels: false,
        sampleLimit: 0,
      },
      { name: 'b', intervalMs: 5000, timeoutMs: 5000 },
    ]);
    const [global, own] = parseScrapeJobs(`
global: { scrape_interval: 1m30s, scrape_timeout: 2s500ms, sample_limit: 7, body_size_limit: 1MiB512KiB, label_limit: 30 }
scrape_configs:
  - job_name: a
    static_configs: [{ targets: [x:1, y:2] }, { targets: [z] }]
  - { job_name: b, sample_limit: 9, body_size_limit: 2KB, honor_labels: true, scheme: https,
      kubernetes_sd_configs: [{ role: pod, namespaces: { own_namespace: true, names: [shop] } }, { role: node }],
      relabel_configs: [{ action: Keep, source_labels: [a], regex: 010 }] }
`);
    expect(global).toMatchObject({
      intervalMs: 90_000,
      timeoutMs: 2500,
      sampleLimit: 7,
      bodySizeLimit: 1.5 * 1024 * 1024,
    });
    expect(global).toMatchObject({ labelLimit: 30, staticTargets: ['x:1', 'y:2', 'z'] });
    expect(own).toMatchObject({ sampleLimit: 9, bodySizeLimit: 2048, honorLabels: true, scheme: 'https' });
    expect(own!.kubernetes).toEqual([
      { role: 'pod', namespaces: ['shop'] },
      { role: 'node', namespaces: null },
    ]);
    // A text that looks like a number is a text where a text is wanted.
    expect(own!.relabel).toEqual([
      {
        action: 'keep',
        sourceLabels: ['a'],
        separator: ';',
        regex: '010',
        modulus: 0,
        targetLabel: '',
        replacement: '$1',
      },
    ]);
  });

  it('says what is no configuration', () => {
    expect(() => parseScrapeJobs('a: [')).toThrow(expect.objectContaining({ code: 'BAD_PROMETHEUS_CONFIG' }));
    expect(() => parseScrapeJobs('scrape_configs: [a]')).toThrow(
      expect.objectContaining({ code: 'BAD_PROMETHEUS_CONFIG' }),
    );
    expect(parseScrapeJobs('')).toEqual([]);
  });

  it('reads and prints durations as Prometheus does', () => {
    expect(['1h30m', '1w', '1d2h', '250ms', '0', '1.5s', '', 'm'].map(readDuration)).toEqual([
      5_400_000,
      604_800_000,
      93_600_000,
      250,
      0,
      null,
      null,
      null,
    ]);
    expect([90_000, 1500, 86_400_000, 93_600_000, 7 * 86_400_000, 0].map(printDuration)).toEqual([
      '1m30s',
      '1s500ms',
      '1d',
      '26h',
      '1w',
      '0s',
    ]);
  });
});
