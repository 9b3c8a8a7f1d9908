import { describe, expect, it } from 'vitest';
import { askedFor, lacksKubernetesDiscovery, overHttp, targetGroups } from './http-discovery.ts';
import { parseScrapeJobs } from './relabel/config.ts';
import { linkerdVizSettings, prometheusYaml } from './scrape-config.ts';

const config = linkerdVizSettings({
  ...{ apiServer: 'https://127.1.2.3:6443', caFile: '/ca.crt', tokenFile: '/token' },
  ...{ scrapeIntervalMs: 1000, scrapeTimeoutMs: 1000, controlPlaneNamespace: 'linkerd', vizNamespace: 'linkerd-viz' },
  selfAddress: '127.1.2.3:9090',
});

describe('overHttp', () => {
  it('is read as the same jobs', () => {
    const other = overHttp(config, 'http://127.1.2.3:8000');
    expect(prometheusYaml(other)).not.toContain('kubernetes_sd_configs');
    expect(parseScrapeJobs(prometheusYaml(other))).toEqual(parseScrapeJobs(prometheusYaml(config)));
  });

  it('leaves the configuration as it was, and jobs without discovery alone', () => {
    overHttp(config, 'http://127.1.2.3:8000');
    expect(config.scrape_configs[2]).toHaveProperty('kubernetes_sd_configs');
    expect(overHttp(config, 'http://127.1.2.3:8000').scrape_configs[0]).toEqual(config.scrape_configs[0]);
  });
});

it.each([
  ['http://127.1.2.3:8000/kubernetes-discovery?role=pod', { role: 'pod', namespaces: null }],
  ['http://127.1.2.3:8000/kubernetes-discovery?role=pod&namespaces=a%2Cb', { role: 'pod', namespaces: ['a', 'b'] }],
  ['http://127.1.2.3:8000/targets?role=pod', null],
  ['http://127.1.2.3:8000/kubernetes-discovery', null],
  ['', null],
])('%s asks for %o', (url, expected) => {
  expect(askedFor(url)).toEqual(expected);
});

it('gives each target its own labels', () => {
  expect(targetGroups([{ __address__: '127.1.2.3:4191', a: 'b' }, { __address__: '127.1.2.3' }])).toEqual([
    { targets: ['127.1.2.3:4191'], labels: { a: 'b' } },
    { targets: ['127.1.2.3'], labels: {} },
  ]);
});

it('knows why a Prometheus ended', () => {
  const line =
    'err="parsing YAML file p.yml: yaml: unmarshal errors:\\n  line 3: field kubernetes_sd_configs not found in type config.ScrapeConfig"';
  expect(lacksKubernetesDiscovery(line)).toBe(true);
  expect(lacksKubernetesDiscovery('field nonsense not found in type config.ScrapeConfig')).toBe(false);
});
