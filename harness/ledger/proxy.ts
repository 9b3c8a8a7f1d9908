import { parsePage } from '../core/page-parser.ts';
import type { ProxyPage } from '../environment/contract.ts';
import { isLedgerFamily, START_TIME } from './families.ts';
import { normaliseLe } from './le.ts';
import type { LedgerSeries, LedgerTarget, MetricLedger, Scrape } from './types.ts';

/**
 * What the proxies' own pages say, in the form of what Prometheus says, so that one function compares either with the truth.
 * Several pages of one pod are several scrapes of it, in the order of their time. An empty page is a scrape that failed.
 */
export function readProxyLedger(pages: readonly ProxyPage[]): MetricLedger {
  const targets: LedgerTarget[] = [];
  const targetByKey = new Map<string, number>();
  const series = new Map<string, LedgerSeries>();

  for (const page of [...pages].sort((a, b) => a.fromMs - b.fromMs)) {
    const key = JSON.stringify([page.namespace, page.pod, page.instance]);
    const target = targetByKey.get(key) ?? targets.length;
    if (target === targets.length) {
      const { namespace, pod, instance } = page;
      targetByKey.set(key, target);
      targets.push({ job: 'linkerd-proxy', namespace, pod, instance, scrapes: [] });
    }
    targets[target]!.scrapes.push(addPage(page, target, series));
  }
  return { source: 'proxy', targets, series: [...series.values()] };
}

/** Adds the samples of a page; the time that stands for it is the beginning of its window. */
function addPage(page: ProxyPage, target: number, series: Map<string, LedgerSeries>): Scrape {
  const t = page.fromMs;
  const scrape: Scrape = { t, fromMs: page.fromMs, untilMs: page.untilMs, ok: false, startTime: null };
  for (const { name, labels, value } of parsePage(page.text).samples) {
    scrape.ok = true;
    if (name === START_TIME) scrape.startTime = value;
    if (!isLedgerFamily(name)) continue;
    const own = storedLabels(labels);
    const key = seriesKey(target, name, own);
    const known = series.get(key);
    if (known) known.samples.push({ t, v: value });
    else series.set(key, { name, labels: own, target, samples: [{ t, v: value }] });
  }
  return scrape;
}

/** As Prometheus would store them: to it an empty label (`grpc_status=""`) is one that is not there. */
function storedLabels(labels: Record<string, string>): Record<string, string> {
  const stored: Record<string, string> = {};
  for (const [name, value] of Object.entries(labels)) {
    if (value !== '') stored[name] = name === 'le' ? normaliseLe(value) : value;
  }
  return stored;
}

function seriesKey(target: number, name: string, labels: Record<string, string>): string {
  const pairs = Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify([target, name, pairs]);
}
