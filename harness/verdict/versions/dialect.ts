import { GRPC_WITHOUT_TRAILERS, grpcOutcome } from '../../core/outcome.ts';
import type { PodInfo } from '../../core/topology.ts';
import type { Category } from '../bounds.ts';
import { FAMILIES, type Family } from '../families.ts';
import { asOldOutcome, asOutcome, GRPC_OPEN, type StatusView } from '../outcomes.ts';
import type { Labels } from '../projection.ts';
import { FAMILIES_SINCE, GRPC_TEXT, GRPC_TEXTS, OPEN_GRPC_IS_2_SINCE, SRV_PORT_SINCE } from './table.ts';
import { isBefore, NEWEST, type ProxyVersion } from './version.ts';

/** How the proxies of one version say what they count. */
export class Dialect {
  readonly version: ProxyVersion;
  /** Families that it has, as it spells them. */
  readonly families: readonly Family[];
  /** How its families of responses with a classification name outcomes. */
  readonly outcome: StatusView;
  readonly #byName: ReadonlyMap<string, Family>;

  constructor(version: ProxyVersion) {
    this.version = version;
    const all = FAMILIES.map((family) => adapted(family, version));
    // A page may show more than a version is known to have: what is there is compared.
    this.#byName = new Map(all.map((family) => [family.name, family]));
    this.families = all.filter(({ name }) => this.has(name));
    this.outcome = hidesOpenGrpc(version) ? asOldOutcome : asOutcome;
  }

  /** Whether its pages are to show the family, when there is something to count. */
  has(family: string): boolean {
    const entry = FAMILIES_SINCE.find((f) => f.family.test(family));
    return !entry || !isBefore(this.version, entry.since);
  }

  family(name: string): Family | undefined {
    return this.#byName.get(name);
  }
}

const known = new Map<string, Dialect>();

export function dialectOf(version: ProxyVersion): Dialect {
  const key = version.join('.');
  const dialect = known.get(key) ?? new Dialect(version);
  known.set(key, dialect);
  return dialect;
}

export const TODAYS = dialectOf(NEWEST);

function hidesOpenGrpc(version: ProxyVersion): boolean {
  return isBefore(version, OPEN_GRPC_IS_2_SINCE);
}

function saysGrpcInText(version: ProxyVersion): boolean {
  return !isBefore(version, GRPC_TEXT.since) && isBefore(version, GRPC_TEXT.until);
}

/** Families whose labels are `classification`, `grpc_status` and `error`. */
function isClassified({ measure, style, name }: Family): boolean {
  return measure === 'response' && style.legacy && name.endsWith('response_total');
}

const NAME_SERVERS: ReadonlySet<Family['scopes']> = new Set(['by-direction', 'in-client', 'in-refused']);

function adapted(family: Family, version: ProxyVersion): Family {
  let own = family;
  if (isBefore(version, SRV_PORT_SINCE) && NAME_SERVERS.has(family.scopes)) {
    own = { ...own, project: (labels, pod, names) => family.project(withPort(labels, pod), pod, names) };
  }
  if (!isClassified(family)) return own;
  if (saysGrpcInText(version)) {
    own = { ...own, category: (labels, names) => family.category(withCode(labels), names) };
  }
  if (hidesOpenGrpc(version)) {
    own = { ...own, statuses: asOldOutcome, category: (labels, names) => asOpen(family.category(labels, names)) };
  }
  return own;
}

/** The port that its Server has, where the label that says so is not there yet. */
function withPort(labels: Labels, { appPort }: PodInfo): Labels {
  if (labels.srv_name === undefined || labels.srv_port !== undefined) return labels;
  return { ...labels, srv_port: String(appPort) };
}

function withCode(labels: Labels): Labels {
  const code = GRPC_TEXTS.indexOf(labels.grpc_status ?? '');
  return code < 0 ? labels : { ...labels, grpc_status: String(code) };
}

function asOpen(category: Category | null): Category | null {
  if (category?.kind !== 'ok') return category;
  // The label that says so came later.
  if (category.status === GRPC_WITHOUT_TRAILERS) return null;
  return category.status === grpcOutcome(0) ? { kind: 'ok', status: GRPC_OPEN } : category;
}
