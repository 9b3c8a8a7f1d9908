import type { ReadEntry } from '../environment/kubernetes/evidence-source/account.ts';
import type { Diagnosis } from '../result/types.ts';

/** What `meshproof doctor` found out; `--json` prints it as it is. */
export interface DoctorReport {
  apiVersion: 'meshproof/v1';
  kind: 'DoctorReport';
  /** When the reading began, RFC 3339. */
  at: string;
  /**
   * `healthy`: every proxy is scraped and no rule found anything. `findings`: something was found. `undecided`: nothing was
   * found, but what would have to be known could not be read, or a proxy that is not scraped has no explanation.
   */
  verdict: 'healthy' | 'findings' | 'undecided';
  /** Why it is undecided, a line each. */
  undecided: string[];
  cluster: { context: string; server: string; kubernetes: string };
  prometheus: { where: string; version: string };
  /** Namespaces that the report is limited to; empty: all. */
  namespaces: string[];
  /** From the rules of diagnosis, in the order of the catalogue. */
  findings: Diagnosis[];
  checks: Check[];
  proxies: ProxyReport[];
  versions: Versions;
  cost: Cost;
  rules: RuleReport[];
  unread: { what: string; why: string }[];
  /** Every request, counted. */
  read: ReadEntry[];
}

/** One thing that was looked at. */
export interface Check {
  name: 'access' | 'scrapes' | 'ports' | 'policies' | 'clients' | 'TLS' | 'clock' | 'versions' | 'rules';
  /** null: it could not be read. */
  ok: boolean | null;
  text: string;
}

/** A pod with a proxy, and what becomes of its metrics. */
export interface ProxyReport {
  /** `namespace/pod`. */
  pod: string;
  controlPlane: boolean;
  /** Of each target that Prometheus has of its admin port. Empty: it is not scraped. */
  scrapes: { job: string; up: boolean; error: string; labels: Record<string, string> }[];
  /** How reading the admin page directly ended. null: it was not tried. */
  page: string | null;
  /** As its page says; else as its annotation does. Empty: unknown. */
  version: string;
  /** Series on its page; null: the page could not be read. */
  series: number | null;
  /** Of its page. */
  bytes: number | null;
  /** RFC 3339; null: unknown. */
  certificateUntil: string | null;
}

export interface Versions {
  /** `edge-26.8.3`, each with how many pods of the control plane. */
  controlPlane: Record<string, number>;
  /** `v2.366.0`, each with how many proxies. */
  proxies: Record<string, number>;
  prometheus: string;
  kubernetes: string;
}

export interface Cost {
  /** Of all proxies' pages. */
  series: number;
  bytes: number;
  /** In Prometheus' head, of everything; null: it does not say. */
  headSeries: number | null;
  /** The families with the most series, over all pages. */
  families: { name: string; series: number; bytes: number }[];
}

export interface RuleReport {
  group: string;
  name: string;
  type: 'alerting' | 'recording';
  expr: string;
  /** `cause`: of the catalogue (docs/causes/); null: there is no name for it, as where it selects nothing now. `unread`: it was not judged. */
  problems: { cause: string | null; part: string; message: string; instead: string; unread?: true }[];
}
