import { type ParsedPage, parsePage } from '../core/page-parser.ts';
import type { ProxyPage } from '../environment/contract.ts';
import { BUILD_INFO, isLedgerFamily, START_TIME, versionOf } from './families.ts';
import { normaliseLe } from './le.ts';
import type { LedgerSeries, LedgerTarget, MetricLedger, Scrape } from './types.ts';

/**
 * What the proxies' own pages say, in the form of what Prometheus says, so that one function compares either with the truth.
 * Several pages of one pod are several scrapes of it, in the order of their time. An empty page is a scrape that failed.
 * @param unparsable told of pages that don't parse, which are left out; absent: the first of them throws
 * @throws HarnessError BAD_PAGE
 */
export function readProxyLedger(
  pages: readonly ProxyPage[],
  unparsable?: (page: ProxyPage, error: unknown) => void,
): MetricLedger {
  const targets: LedgerTarget[] = [];
  const targetByKey = new Map<string, number>();
  const series = new Map<string, LedgerSeries>();

  for (const page of [...pages].sort((a, b) => a.fromMs - b.fromMs)) {
    const parsed = parse(page, unparsable);
    if (!parsed) continue;
    const key = JSON.stringify([page.namespace, page.pod, page.instance]);
    const target = targetByKey.get(key) ?? targets.length;
    if (target === targets.length) {
      const { namespace, pod, instance } = page;
      targetByKey.set(key, target);
      targets.push({ job: 'linkerd-proxy', namespace, pod, instance, scrapes: [] });
    }
    targets[target]!.scrapes.push(addPage(page, parsed, target, series));
  }
  return { source: 'proxy', targets, series: [...series.values()] };
}

function parse(page: ProxyPage, unparsable?: (page: ProxyPage, error: unknown) => void): ParsedPage | null {
  if (!unparsable) return parsePage(page.text);
  try {
    return parsePage(page.text);
  } catch (error) {
    unparsable(page, error);
    return null;
  }
}

/** Adds the samples of a page; the time that stands for it is the beginning of its window. */
function addPage(page: ProxyPage, parsed: ParsedPage, target: number, series: Map<string, LedgerSeries>): Scrape {
  const t = page.fromMs;
  const scrape: Scrape = { t, fromMs: page.fromMs, untilMs: page.untilMs, ok: false, startTime: null };
  const duplicates = new Set<string>();
  for (const { name, labels, value } of parsed.samples) {
    scrape.ok = true;
    if (name === START_TIME) scrape.startTime = value;
    if (name === BUILD_INFO) {
      const version = versionOf(labels);
      if (version !== undefined) scrape.version = version;
    }
    if (!isLedgerFamily(name)) continue;
    const own = storedLabels(labels);
    const key = seriesKey(target, name, own);
    const known = series.get(key);
    const last = known?.samples.at(-1);
    if (last?.t === t) {
      // What the proxy has counted is what all of them say together.
      last.v += value;
      duplicates.add(name);
    } else if (known) known.samples.push({ t, v: value });
    else series.set(key, { name, labels: own, target, samples: [{ t, v: value }] });
  }
  if (duplicates.size > 0) scrape.duplicates = [...duplicates].sort();
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

/** Pages name the labels of a family in one order: how it is sorted is found out once. */
const sortedNames = new Map<string, { names: readonly string[]; text: string }>();

function seriesKey(target: number, name: string, labels: Record<string, string>): string {
  const order = Object.keys(labels).join(',');
  let sorted = sortedNames.get(order);
  if (!sorted) {
    const names = Object.keys(labels).sort();
    sorted = { names, text: names.join(',') };
    sortedNames.set(order, sorted);
  }
  return `${target}|${name}|${sorted.text}|${JSON.stringify(sorted.names.map((label) => labels[label]))}`;
}
