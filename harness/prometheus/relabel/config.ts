import { parse } from 'yaml';
import { HarnessError } from '../../core/errors.ts';
import type { RelabelRule, ScrapeJob } from '../../evidence/types.ts';
import { askedFor } from '../http-discovery.ts';
import { readDuration } from './durations.ts';

type Node = string | Node[] | { [key: string]: Node };
type Section = { [key: string]: Node };

const GLOBAL = { intervalMs: 60_000, timeoutMs: 10_000 };

export interface ParseConfigOptions {
  /** That of Prometheus' own pod, for `own_namespace: true`. */
  ownNamespace?: string;
}

/**
 * The jobs of a prometheus.yml, or of what /api/v1/status/config answers, with Prometheus' defaults filled in.
 * @throws HarnessError BAD_PROMETHEUS_CONFIG when it is no such text
 */
export function parseScrapeJobs(yaml: string, options: ParseConfigOptions = {}): ScrapeJob[] {
  // Scalars stay texts: whether one is a number is a matter of its field.
  let root: Node | null;
  try {
    root = parse(yaml, { schema: 'failsafe', merge: true, logLevel: 'error' }) as Node | null;
  } catch (cause) {
    throw bad(cause);
  }
  const document = section(root);
  const global = section(document.global);
  return list(document.scrape_configs).map((job) => scrapeJob(section(job), global, options));
}

function scrapeJob(job: Section, global: Section, options: ParseConfigOptions): ScrapeJob {
  const intervalMs = duration(job.scrape_interval) || duration(global.scrape_interval) || GLOBAL.intervalMs;
  const timeoutMs = duration(job.scrape_timeout) || Math.min(globalTimeout(global), intervalMs);
  /** 0 means that the global value holds. */
  const limit = (name: string) => count(job[name]) || count(global[name]);
  return {
    name: text(job.job_name),
    intervalMs,
    timeoutMs,
    scheme: text(job.scheme) === 'https' ? 'https' : 'http',
    metricsPath: text(job.metrics_path) || '/metrics',
    honorLabels: text(job.honor_labels) === 'true',
    sampleLimit: limit('sample_limit'),
    labelLimit: limit('label_limit'),
    labelNameLengthLimit: limit('label_name_length_limit'),
    labelValueLengthLimit: limit('label_value_length_limit'),
    bodySizeLimit: bytes(job.body_size_limit) || bytes(global.body_size_limit),
    targetLimit: limit('target_limit'),
    relabel: list(job.relabel_configs).map(relabelRule),
    metricRelabel: list(job.metric_relabel_configs).map(relabelRule),
    kubernetes: [
      ...list(job.kubernetes_sd_configs).map((one) => ({
        role: text(section(one).role),
        namespaces: namespaces(section(section(one).namespaces), options),
      })),
      // By way of somebody who asks the API for it.
      ...list(job.http_sd_configs).flatMap((one) => askedFor(text(section(one).url)) ?? []),
    ],
    staticTargets: list(job.static_configs).flatMap((one) => list(section(one).targets).map(text)),
  };
}

/** The default of the global timeout is the interval where that is shorter. */
function globalTimeout(global: Section): number {
  const given = duration(global.scrape_timeout);
  if (given) return given;
  return Math.min(GLOBAL.timeoutMs, duration(global.scrape_interval) || GLOBAL.intervalMs);
}

/** null: all. */
function namespaces(given: Section, { ownNamespace }: ParseConfigOptions): string[] | null {
  const names = list(given.names).map(text);
  if (text(given.own_namespace) === 'true' && ownNamespace !== undefined) names.push(ownNamespace);
  else if (text(given.own_namespace) === 'true') return names;
  return names.length > 0 ? names : null;
}

function relabelRule(node: Node): RelabelRule {
  const rule = section(node);
  const given = (name: string, byDefault: string) => (rule[name] === undefined ? byDefault : text(rule[name]));
  return {
    action: given('action', 'replace').toLowerCase(),
    sourceLabels: list(rule.source_labels).map(text),
    separator: given('separator', ';'),
    regex: given('regex', '(.*)'),
    modulus: count(rule.modulus),
    targetLabel: given('target_label', ''),
    replacement: given('replacement', '$1'),
  };
}

function section(node: Node | null | undefined): Section {
  if (node === null || node === undefined || node === '') return {};
  if (typeof node === 'string' || Array.isArray(node)) throw bad(`a section where there is ${JSON.stringify(node)}`);
  return node;
}

function list(node: Node | undefined): Node[] {
  if (node === undefined || node === '') return [];
  return Array.isArray(node) ? node : [node];
}

const text = (node: Node | undefined): string => (typeof node === 'string' ? node : '');
const duration = (node: Node | undefined): number => readDuration(text(node)) ?? 0;
const count = (node: Node | undefined): number => Number(text(node)) || 0;

/** `15MB` is 15 * 1024 * 1024 to Prometheus, as is `15MiB`. */
function bytes(node: Node | undefined): number {
  let sum = 0;
  for (const [, number, unit] of text(node).matchAll(/([\d.]+)([KMGTPE]?)i?B/g)) {
    sum += Number(number) * 1024 ** ' KMGTPE'.indexOf(unit || ' ');
  }
  return sum;
}

function bad(cause: unknown): HarnessError {
  const problem = cause instanceof Error ? cause.message.split('\n')[0] : String(cause);
  return new HarnessError('BAD_PROMETHEUS_CONFIG', `Prometheus' configuration can't be read: ${problem}`, {
    hint: 'look at /api/v1/status/config',
    cause,
  });
}
