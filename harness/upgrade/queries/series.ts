import { bare, type Expr, nameOf, selectorsOf, tryParse } from '../../prometheus/promql/index.ts';
import type { AnswerSeries, QueryAnswer } from '../types.ts';
import { type Nature, natureOf } from './nature.ts';
import { isFilter, isScalar } from './parts.ts';

type Labels = Record<string, string>;

/** Series of one world that can't be told apart but by names that no two worlds share. */
export interface Group {
  /** Without such names. */
  labels: Labels;
  size: number;
  /** Sum of the series' values, or their mean; see `additive`. */
  value: number;
  sigma: number;
  phase: number;
}

/** What a query's values are, for whoever compares them. */
export interface Kind {
  nature: Nature;
  /** Values of several pods add up; of shares, and of what is no count, their mean is what counts. */
  additive: boolean;
  /** What was scraped, or sums of it, rather than how it changed. */
  raw: boolean;
  /** By how much the traffic of the worlds differed: 0.1 is a tenth more. */
  uneven: number;
  /** Labels whose values differ from world to world, or from version to version. */
  anonymous(label: string): boolean;
}

const ANONYMOUS =
  /^(?:exported_)?(?:pod|pod_name|instance|pod_template_hash|dst_pod|dst_pod_template_hash|controller_revision_hash|target_ip|target_addr|uid|pod_ip|host_ip|node|node_name|container_id|id|replicaset|dst_replicaset|statefulset_kubernetes_io_pod_name|image|image_id)$/;
/** Labels that charts and the injector put on pods, and targets have: they name the version that is upgraded. */
const OF_THE_VERSION = /^(?:app_kubernetes_io_version|helm_sh_chart|linkerd_io_proxy_version|linkerd_io_created_by)$/;
/** What info series say of the version itself. */
const OF_THE_BUILD = /^(?:version|date|git_sha|profile|vendor|revision|branch|goversion|goarch|goos|tags|tls_\w+)$/;
const ADDRESS = /^(?:\d{1,3}(?:\.\d{1,3}){3}|\[?[0-9a-f:]*::[0-9a-f:]*\]?)(?::\d+)?$/;

type Recorded = ReadonlyMap<string, Expr>;

export function kindOf(expr: Expr, recorded: Recorded = new Map()): Kind {
  const nature = natureOf(expr, recorded);
  const ofBuild = namesIn(expr, recorded).some((name) => name.endsWith('_info'));
  return {
    nature,
    additive: nature === 'counted' && !isShare(expr, recorded),
    raw: isRaw(expr),
    uneven: 0,
    anonymous: (label) => ANONYMOUS.test(label) || OF_THE_VERSION.test(label) || (ofBuild && OF_THE_BUILD.test(label)),
  };
}

/** What an expression's values are in a world with recording rules. */
export function kindIn({ recorded = {} }: Pick<QueryAnswer, 'recorded'>, expr: Expr): Kind {
  const rules = Object.entries(recorded).flatMap(([name, text]) => {
    const tree = tryParse(text);
    return tree ? [[name, tree] as [string, Expr]] : [];
  });
  return kindOf(expr, new Map(rules));
}

function isRaw(expr: Expr): boolean {
  const e = bare(expr);
  return e.kind === 'selector' || (e.kind === 'aggregation' && isRaw(e.expr));
}

/** Names of what is selected, through recording rules. */
function namesIn(expr: Expr, recorded: Recorded, depth = 0): string[] {
  return selectorsOf(expr).flatMap((selector) => {
    const rule = recorded.get(nameOf(selector));
    return rule && depth < MAX_DEPTH ? namesIn(rule, recorded, depth + 1) : [nameOf(selector)];
  });
}

const MAX_DEPTH = 8;

function isShare(expr: Expr, recorded: Recorded, depth = 0): boolean {
  const of = (inner: Expr) => isShare(inner, recorded, depth);
  const e = bare(expr);
  switch (e.kind) {
    case 'selector': {
      const rule = recorded.get(nameOf(e));
      return rule !== undefined && depth < MAX_DEPTH && isShare(rule, recorded, depth + 1);
    }
    case 'unary':
    case 'subquery':
    case 'aggregation':
      return of(e.expr);
    case 'call':
      return e.args.some(of);
    case 'binary':
      if (isFilter(e) || e.op === 'and' || e.op === 'unless') return of(isScalar(e.left) ? e.right : e.left);
      if (isScalar(e.left) || isScalar(e.right)) return of(isScalar(e.left) ? e.right : e.left);
      return e.op === '/' || of(e.left) || of(e.right);
    default:
      return false;
  }
}

/** The series of one world by what is left of their labels. */
export function groupsOf(series: readonly AnswerSeries[], kind: Kind): Map<string, Group> {
  const groups = new Map<string, Group>();
  const variances = new Map<string, number>();
  for (const { labels: given, value, sigma = 0, phase = 0 } of series) {
    const labels = anonymised(given, kind);
    const key = keyOf(labels);
    const group = groups.get(key) ?? { labels, size: 0, value: 0, sigma: 0, phase: 0 };
    group.size++;
    group.value += value;
    group.phase += phase;
    variances.set(key, (variances.get(key) ?? 0) + sigma * sigma);
    groups.set(key, group);
  }
  for (const [key, group] of groups) {
    group.sigma = Math.sqrt(variances.get(key)!);
    if (kind.additive) continue;
    group.value /= group.size;
    group.sigma /= group.size;
    group.phase /= group.size;
  }
  return groups;
}

function anonymised(labels: Labels, kind: Kind): Labels {
  return Object.fromEntries(
    Object.entries(labels).map(([name, value]) => {
      if (value === '') return [name, value];
      return [name, kind.anonymous(name) || ADDRESS.test(value) ? '*' : value];
    }),
  );
}

export function keyOf(labels: Labels): string {
  return JSON.stringify(Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1)));
}
