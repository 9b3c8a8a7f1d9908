import type { Labels } from './client.ts';
import type { KubernetesDiscovery, PrometheusConfig } from './scrape-config.ts';

/**
 * Some distributions build Prometheus without discovery in Kubernetes (Debian's 2.42 is one). Such a one finds the same
 * targets, with the same labels, by HTTP discovery, from somebody who asks the Kubernetes API in its place.
 */

const PATH = '/kubernetes-discovery';
/** The default is a minute. */
const REFRESH = '1s';

/** Whether that is what it ended for. @param log the end of its log */
export function lacksKubernetesDiscovery(log: string): boolean {
  return log.includes('field kubernetes_sd_configs not found');
}

/**
 * The same configuration with HTTP discovery in place of Kubernetes'.
 * @param base `http://host:port` of whoever answers for the API
 */
export function overHttp(config: PrometheusConfig, base: string): PrometheusConfig {
  return {
    ...config,
    scrape_configs: config.scrape_configs.map(({ kubernetes_sd_configs: found, ...job }) =>
      found
        ? { ...job, http_sd_configs: found.map((one) => ({ url: urlOf(one, base), refresh_interval: REFRESH })) }
        : job,
    ),
  };
}

function urlOf({ role, namespaces }: KubernetesDiscovery, base: string): string {
  const url = new URL(PATH, base);
  url.searchParams.set('role', role);
  if (namespaces) url.searchParams.set('namespaces', namespaces.names.join(','));
  return url.href;
}

/** What a URL made by overHttp asks for; null when it is another's. */
export function askedFor(url: string): { role: string; namespaces: string[] | null } | null {
  if (!URL.canParse(url)) return null;
  const { pathname, searchParams } = new URL(url);
  const role = searchParams.get('role');
  if (pathname !== PATH || role === null) return null;
  return { role, namespaces: searchParams.get('namespaces')?.split(',') ?? null };
}

/** As HTTP discovery has them: a group for each target, as each has labels of its own. */
export function targetGroups(discovered: readonly Labels[]): { targets: string[]; labels: Labels }[] {
  return discovered.map(({ __address__: address = '', ...labels }) => ({ targets: [address], labels }));
}
