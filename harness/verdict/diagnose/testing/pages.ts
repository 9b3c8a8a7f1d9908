import type { ParsedPage } from '../../../core/page-parser.ts';
import type { EvidencePod, PageEvidence } from '../../../evidence/types.ts';

/** A page that was read at once: that of a proxy which started a minute ago and has seen nothing but scrapes. */
export function pageOf(pod: EvidencePod, address: string, atMs: number): PageEvidence {
  return {
    namespace: pod.metadata.namespace!,
    pod: pod.metadata.name,
    url: `http://${address}/metrics`,
    outcome: 'ok',
    connected: true,
    status: 200,
    error: '',
    durationMs: 4,
    bytes: 49_000,
    page: idlePage(atMs),
    duplicates: [],
  };
}

function idlePage(atMs: number): ParsedPage {
  const gauge = (name: string, value: number, labels: Record<string, string> = {}) => ({ name, labels, value });
  const startedAt = atMs / 1000 - 60;
  const samples = [
    gauge('request_total', 6, {
      direction: 'inbound',
      target_addr: '0.0.0.0:4191',
      target_ip: '0.0.0.0',
      target_port: '4191',
      tls: 'no_identity',
      no_tls_reason: 'no_tls_from_remote',
      srv_group: '',
      srv_kind: 'default',
      srv_name: 'all-unauthenticated',
      srv_port: '4191',
      route_group: '',
      route_kind: 'default',
      route_name: 'probe',
      authz_group: '',
      authz_kind: 'default',
      authz_name: 'probe',
    }),
    gauge('proxy_build_info', 1, {
      date: '2026-08-20T00:00:00Z',
      git_sha: '0123456',
      profile: 'release',
      vendor: 'linkerd',
      version: '2.366.0',
    }),
    gauge('control_identity_cert_expiration_timestamp_seconds', startedAt + 86_420),
    gauge('control_identity_cert_refresh_timestamp_seconds', startedAt),
    gauge('control_identity_cert_refreshes_total', 1, { result: 'ok' }),
    gauge('control_identity_cert_refreshes_total', 0, { result: 'error' }),
    gauge('process_start_time_seconds', startedAt),
    gauge('process_clock_time_seconds', Math.floor(atMs / 1000)),
  ];
  const names = [...new Set(samples.map((sample) => sample.name))];
  return {
    families: names.map((name) => ({
      name,
      type: name.endsWith('_total') ? 'counter' : 'gauge',
      help: `${name}.`,
      unit: null,
    })),
    samples,
    hasEof: true,
  };
}

/** A page that could not be read. */
export function unreadPage(page: PageEvidence, change: Partial<PageEvidence>): PageEvidence {
  return { ...page, outcome: 'failed', status: null, bytes: 0, page: null, error: 'socket hang up', ...change };
}
