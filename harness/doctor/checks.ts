import type { DiscoveryAccess, Evidence } from '../evidence/types.ts';
import { formatDuration, plural } from '../report/format.ts';
import { contextOf } from '../verdict/diagnose/context/index.ts';
import { plaintextServers } from '../verdict/diagnose/rules/proxies/unmeshed-client.ts';
import { TOLERATED_WITHOUT_RUN_MS, whoseClock } from '../verdict/diagnose/rules/scrapes/clock.ts';
import { isScraped } from './proxies.ts';
import { isEmpty, isUnread, isWrong } from './rules.ts';
import type { Check, ProxyReport, RuleReport, Versions } from './types.ts';

export interface Looked {
  /** Of the namespaces that the report is limited to; `whole`: of all. */
  evidence: Evidence;
  whole: Evidence;
  /** Text: why it is not known. */
  access: DiscoveryAccess | string;
  proxies: ProxyReport[];
  versions: Versions;
  /** Text: why they could not be read. */
  rules: RuleReport[] | string;
}

/** A line for each thing that was looked at; what is wrong and why stands in the findings. */
export function checksOf(looked: Looked): Check[] {
  return [
    accessCheck(looked),
    scrapesCheck(looked),
    portsCheck(looked),
    policiesCheck(looked),
    clientsCheck(looked),
    tlsCheck(looked),
    clockCheck(looked),
    versionsCheck(looked),
    rulesCheck(looked),
  ];
}

function accessCheck({ access }: Looked): Check {
  const name = 'access';
  if (typeof access === 'string') return { name, ok: null, text: access };
  const { user, everywhere, how, namespaces, message } = access;
  const tried = how === 'impersonation' ? 'tried in its name' : `by its ${how}`;
  if (everywhere === 'allowed') return { name, ok: true, text: `${user} may list pods in all namespaces (${tried})` };
  const some = Object.keys(namespaces).filter((namespace) => namespaces[namespace] === 'allowed');
  const where = some.length > 0 ? `in ${some.join(', ')} alone` : 'in no namespace';
  const said = message && `: ${message}`;
  return { name, ok: false, text: `${user} may list pods ${where} (${tried}; ${everywhere}${said})` };
}

function scrapesCheck({ proxies, evidence }: Looked): Check {
  const name = 'scrapes';
  if (evidence.cluster.pods === null) return { name, ok: null, text: 'pods can not be read' };
  const scraped = proxies.filter(isScraped);
  const twice = proxies.filter(({ scrapes }) => scrapes.filter(({ up }) => up).length > 1);
  const jobs = [...new Set(scraped.flatMap(({ scrapes }) => scrapes.map(({ job }) => job)))].sort();
  const by = jobs.length > 0 ? `, by ${jobs.length === 1 ? 'job' : 'jobs'} ${jobs.join(', ')}` : '';
  const more = twice.length > 0 ? `; ${plural(twice.length, 'one', 'of them')} more than once` : '';
  const are = scraped.length === 1 ? 'is' : 'are';
  const text = `${scraped.length} of ${plural(proxies.length, 'proxy', 'proxies')} ${are} scraped${by}${more}`;
  return { name, ok: proxies.length > 0 && scraped.length === proxies.length && twice.length === 0, text };
}

function portsCheck({ evidence }: Looked): Check {
  const name = 'ports';
  if (evidence.cluster.pods === null) return { name, ok: null, text: 'pods can not be read' };
  const names = new Map<string, number>();
  for (const { container, adminPort } of contextOf(evidence).proxies) {
    const port = container.ports?.find(({ containerPort }) => containerPort === adminPort);
    const called = `${container.name}: ${port?.name ?? '(no name)'} ${adminPort}`;
    names.set(called, (names.get(called) ?? 0) + 1);
  }
  const list = [...names].map(([called, count]) => (names.size > 1 ? `${called} (${count})` : called)).join(', ');
  return { name, ok: names.size <= 1, text: list || 'no proxy has an admin port' };
}

function policiesCheck({ evidence }: Looked): Check {
  const name = 'policies';
  const denied = evidence.prometheus.active.filter(({ lastError }) => /\b403\b/.test(lastError));
  const { policies } = evidence.cluster;
  const kinds = Map.groupBy(policies ?? [], ({ kind }) => kind);
  const objects = [...kinds].map(([kind, all]) => plural(all.length, kind)).join(', ') || 'none';
  const text =
    policies === null
      ? 'they can not be read'
      : `${objects}; ${plural(denied.length, 'target answers', 'targets answer')} 403`;
  return { name, ok: policies === null ? null : denied.length === 0, text };
}

/** Who asks without a proxy is not told by the proxies; where only one can have, that is a finding. */
function clientsCheck({ evidence }: Looked): Check {
  const name = 'clients';
  if (evidence.cluster.pods === null) return { name, ok: null, text: 'pods can not be read' };
  const servers = plaintextServers({ evidence, run: null });
  const [most] = servers.toSorted((a, b) => b.requests - a.requests);
  if (most === undefined)
    return { name, ok: true, text: 'no app of the mesh is asked in plaintext, but by probes and scrapes' };
  const others = servers.length > 1 ? ` and ${plural(servers.length - 1, 'other pod')}` : '';
  const asked = servers.length > 1 ? 'are asked' : 'is asked';
  const text = `${most.pod} (${plural(most.requests, 'request')})${others} ${asked} in plaintext: by an ingress, or by a pod without a proxy`;
  return { name, ok: null, text };
}

function tlsCheck({ proxies, evidence }: Looked): Check {
  const name = 'TLS';
  const ends = proxies.flatMap(({ certificateUntil }) => (certificateUntil ? [Date.parse(certificateUntil)] : []));
  if (ends.length === 0) return { name, ok: null, text: 'no proxy shows until when its certificate is valid' };
  const first = Math.min(...ends);
  const expired = ends.filter((end) => end <= evidence.atMs).length;
  const secure = evidence.prometheus.jobs.filter(({ scheme }) => scheme === 'https').map((job) => job.name);
  const https = secure.length > 0 ? `; jobs that scrape with https: ${secure.join(', ')}` : '';
  const when =
    expired > 0
      ? `${plural(expired, 'certificate of a proxy', 'certificates of proxies')} expired`
      : `the first certificate ends in ${spanOf(first - evidence.atMs)}`;
  return { name, ok: expired === 0, text: `${when}${https}` };
}

const HOUR_MS = 3_600_000;

/** `36 hours`, `12 days`; what is near in minutes and seconds. */
function spanOf(ms: number): string {
  const hours = ms / HOUR_MS;
  if (hours < 2) return formatDuration(ms);
  return hours < 72 ? plural(Math.round(hours), 'hour') : plural(Math.round(hours / 24), 'day');
}

/** Where no proxy's clock can be read it is not known whose is off, Prometheus' or ours. */
function clockCheck({ whole: evidence }: Looked): Check {
  const name = 'clock';
  const { clock } = evidence.prometheus;
  if (!clock) return { name, ok: null, text: "Prometheus' clock could not be measured" };
  const { aheadMs, uncertaintyMs } = clock;
  const off =
    Math.abs(aheadMs) <= uncertaintyMs
      ? 'as ours'
      : `${formatDuration(Math.abs(aheadMs))} ${aheadMs > 0 ? 'ahead' : 'behind'}`;
  const text = `Prometheus' clock is ${off}, within ${formatDuration(uncertaintyMs)}`;
  if (Math.abs(aheadMs) <= uncertaintyMs + TOLERATED_WITHOUT_RUN_MS) return { name, ok: true, text };
  switch (whoseClock(evidence, aheadMs)) {
    case 'ours':
      return { name, ok: true, text: `${text}; the proxies' clocks agree with it: it is this machine's that is off` };
    case 'unknown':
      return { name, ok: null, text: `${text}; no proxy's clock could be read that says whether it or ours is off` };
    default:
      return { name, ok: false, text };
  }
}

function versionsCheck({ versions }: Looked): Check {
  const counted = (counts: Record<string, number>) =>
    Object.entries(counts)
      .map(([version, count]) => `${version} (${count})`)
      .join(', ') || 'unknown';
  const { controlPlane, proxies, prometheus, kubernetes } = versions;
  const text =
    `control plane ${counted(controlPlane)}; proxies ${counted(proxies)}; Prometheus ${prometheus || 'unknown'}; ` +
    `Kubernetes ${kubernetes || 'unknown'}`;
  return { name: 'versions', ok: Object.keys(proxies).length > 0 ? true : null, text };
}

function rulesCheck({ rules }: Looked): Check {
  const name = 'rules';
  if (typeof rules === 'string') return { name, ok: null, text: rules };
  const wrong = rules.filter(isWrong).length;
  const empty = rules.filter((rule) => rule.problems.some(isEmpty)).length;
  const unread = rules.filter(isUnread).length;
  const parts = [
    plural(rules.length, 'alert or recording rule', 'alerts and recording rules'),
    ...(wrong > 0 ? [`${wrong} can't say what ${wrong === 1 ? 'it seems' : 'they seem'} to`] : []),
    ...(empty > 0 ? [`${empty} ${empty === 1 ? 'selects' : 'select'} nothing now`] : []),
    ...(unread > 0 ? [`${unread} could not be judged`] : []),
  ];
  return { name, ok: wrong === 0, text: parts.join(', ') };
}
