import type { LedgerSeries, MetricLedger, Scrape } from '../../ledger/types.ts';
import type { JudgeInput } from '../judge.ts';

/** What an older proxy says otherwise than the one of simulate.ts (facts, section 9), told without the judge's own tables. */
export interface OlderProxy {
  /** As its pages say; empty: they do not. */
  version: string;
  /** Families that it has not. */
  lacks: RegExp;
  srvPort: boolean;
  inboundAuthority: boolean;
  hostname: boolean;
  /** `grpc_status` of a stream that ends without trailers is 0. */
  openIsOk: boolean;
  wholeSeconds: boolean;
}

const DURATIONS = /^inbound_(http|grpc)_(statuses_total|re(quest|sponse)_duration_seconds)/;
const SERVER = /^inbound_(http|grpc)_(requests_total|statuses_total|re(quest|sponse)_duration_seconds)/;
const RESPONSES = /^outbound_(http|grpc)_route_(request_|retry_|backend_response_)/;

const any = (...patterns: RegExp[]): RegExp => new RegExp(patterns.map((p) => p.source).join('|'));

export const V2_12: OlderProxy = {
  version: '',
  lacks: any(SERVER, /^outbound_(http|grpc)_route_/, /^inbound_http_local_ratelimit_total$/),
  srvPort: false,
  inboundAuthority: true,
  hostname: false,
  openIsOk: true,
  wholeSeconds: true,
};
export const V2_14: OlderProxy = {
  ...V2_12,
  version: '2.210.4',
  lacks: any(SERVER, RESPONSES, /^inbound_http_local_ratelimit_total$/),
  openIsOk: false,
};
export const V2_17: OlderProxy = { ...V2_14, version: '2.268.0', lacks: SERVER, hostname: true, wholeSeconds: false };
export const V2_19: OlderProxy = {
  ...V2_17,
  version: '2.326.0',
  lacks: DURATIONS,
  srvPort: true,
  inboundAuthority: false,
  hostname: false,
};

/** The same run with older proxies in some pods, or in all. */
export function withOlder(input: JudgeInput, of: (pod: string) => OlderProxy | null): JudgeInput {
  return { ...input, prometheus: older(input.prometheus, of), proxy: older(input.proxy, of) };
}

function older(ledger: MetricLedger, of: (pod: string) => OlderProxy | null): MetricLedger {
  const targets = ledger.targets.map((target) => {
    const proxy = of(target.pod);
    return { ...target, scrapes: target.scrapes.map((s) => olderScrape(s, proxy)) };
  });
  const series = new Map<string, LedgerSeries>();
  for (const one of ledger.series) {
    const { pod, namespace } = ledger.targets[one.target]!;
    const proxy = of(pod);
    if (proxy?.lacks.test(one.name)) continue;
    add(series, { ...one, labels: proxy ? olderLabels(one, pod, namespace, proxy) : one.labels });
  }
  return { ...ledger, targets, series: [...series.values()] };
}

function olderScrape(scrape: Scrape, proxy: OlderProxy | null): Scrape {
  if (!scrape.ok) return scrape;
  if (!proxy) return { ...scrape, version: '2.366.0' };
  const startTime = proxy.wholeSeconds ? Math.floor(scrape.startTime!) : scrape.startTime;
  return { ...scrape, startTime, version: proxy.version };
}

function olderLabels({ name, labels }: LedgerSeries, pod: string, namespace: string, proxy: OlderProxy) {
  const own = { ...labels };
  if (!proxy.srvPort) delete own.srv_port;
  if (proxy.inboundAuthority && own.direction === 'inbound' && own.tls === 'true') {
    own.authority = `${pod.split('-')[0]}.${namespace}.svc.cluster.local`;
  }
  if (proxy.hostname && /^outbound_(http|grpc)_route_re(quest|try)_/.test(name)) {
    own.hostname = `${own.parent_name}.${own.parent_namespace}.svc.cluster.local`;
  }
  if (
    proxy.openIsOk &&
    name.endsWith('response_total') &&
    own.classification === 'success' &&
    own.grpc_status === '2'
  ) {
    own.grpc_status = '0';
  }
  return own;
}

/** Series that are told apart no more are one. */
function add(all: Map<string, LedgerSeries>, one: LedgerSeries): void {
  const key = JSON.stringify([one.target, one.name, Object.entries(one.labels).sort()]);
  const known = all.get(key);
  if (!known) {
    all.set(key, { ...one, samples: one.samples.map((s) => ({ ...s })) });
    return;
  }
  const values = new Map(known.samples.map((s) => [s.t, s.v]));
  for (const { t, v } of one.samples) values.set(t, (values.get(t) ?? 0) + v);
  known.samples = [...values].sort(([a], [b]) => a - b).map(([t, v]) => ({ t, v }));
}
