import type { Evidence, EvidencePod, PageEvidence } from '../evidence/types.ts';
import { contextOf } from '../verdict/diagnose/context/index.ts';
import { urlAddress } from '../verdict/diagnose/context/targets.ts';
import type { ProxyReport } from './types.ts';

const CERTIFICATE = /^(?:control_)?identity_cert_expiration_timestamp_seconds$/;

/** Every pod with a proxy: who scrapes it, with which labels, what its page is like. In the order of their names. */
export function proxyReports(evidence: Evidence): ProxyReport[] {
  const context = contextOf(evidence);
  return context.proxies
    .map((proxy) => {
      const page = context.pages.get(proxy.id) ?? null;
      const scrapes = evidence.prometheus.active
        .filter((target) => urlAddress(target.scrapeUrl) === proxy.adminAddress)
        .map(({ labels, scrapePool, health, lastError }) => {
          return { job: labels.job ?? scrapePool, up: health === 'up', error: lastError, labels };
        });
      return {
        pod: proxy.id,
        controlPlane: proxy.ofControlPlane,
        scrapes,
        page: page && (page.outcome === 'status' ? `status ${page.status}` : page.outcome),
        version: versionOf(page, proxy.pod),
        series: page?.page?.samples.length ?? null,
        bytes: page?.page ? page.bytes : null,
        certificateUntil: certificateUntil(page),
      };
    })
    .sort((a, b) => (a.pod < b.pod ? -1 : 1));
}

function versionOf(page: PageEvidence | null, pod: EvidencePod): string {
  const build = page?.page?.samples.find(({ name }) => name === 'proxy_build_info')?.labels.version;
  // The page has it without its `v`.
  if (build) return /^\d/.test(build) ? `v${build}` : build;
  return pod.metadata.annotations?.['linkerd.io/proxy-version'] ?? '';
}

function certificateUntil(page: PageEvidence | null): string | null {
  const seconds = page?.page?.samples.find(({ name }) => CERTIFICATE.test(name))?.value;
  return seconds !== undefined && seconds > 0 ? new Date(seconds * 1000).toISOString() : null;
}

/** It is scraped, and the last scrape went well. */
export function isScraped({ scrapes }: ProxyReport): boolean {
  return scrapes.some(({ up }) => up);
}
