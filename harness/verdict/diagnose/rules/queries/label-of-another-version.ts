import { hasIt, type LabelHistory, labelHistory, spanText } from '../../../../changes/index.ts';
import type { Evidence } from '../../../../evidence/types.ts';
import {
  type Expr,
  type Matcher,
  matches,
  nameOf,
  print,
  type Selector,
  selectorsOf,
  transform,
  withMatcher,
  withoutLabel,
} from '../../../../prometheus/promql/index.ts';
import { SILENT } from '../../../versions/table.ts';
import { matched } from '../../failed-query.ts';
import { asInstant, type QueryContext } from './context.ts';
import type { Mend, Way } from './mend.ts';

/** A label by which the query selects, and that this version of the proxy does not give: it selects nothing. */
export const labelOfAnotherVersion: Mend = {
  cause: 'label-of-another-version',
  needs: ['the versions of the proxies', 'whether any series of the family has the label'],
  ways(tree, context): Way[] {
    const found = selectorsOf(tree).flatMap((selector) => goneLabels(selector, context));
    if (found.length === 0) return [];
    const gone = selectorsOf(tree).flatMap((selector) => likeOne(selector, found));
    const evidence = [...new Set(found.map((one) => textOf(one, context)))];
    const replaced = (by: (one: Gone) => Selector): Expr =>
      transform(tree, (expr) => {
        if (expr.kind !== 'selector') return expr;
        const one = gone.find((g) => print(g.selector) === print(expr));
        return one ? by(one) : expr;
      });
    return [
      replaced(({ selector, matcher }) => withoutLabel(selector, matcher.label)),
      replaced(byWorkload),
      replaced(byCaller),
      replaced(byParent),
    ]
      .filter(
        (mended, i, all) => print(mended) !== print(tree) && all.findIndex((m) => print(m) === print(mended)) === i,
      )
      .map((mended) => ({ tree: mended, evidence, remedy: [...new Set(gone.map(({ history }) => history.instead))] }));
  },
};

interface Gone {
  selector: Selector;
  matcher: Matcher;
  history: LabelHistory;
}

/** Labels that a selector asks for and that no series of the family has, where it has series otherwise. */
function goneLabels(selector: Selector, context: QueryContext): Gone[] {
  const facts = {
    proxyVersions: proxyVersions(context.evidence),
    valuesOf: (label: string, of: Selector) => context.valuesOf(label, of),
  };
  return selector.matchers.flatMap((matcher) => {
    const history = goneLabel(selector, matcher.label, facts);
    return history ? [{ selector, matcher, history }] : [];
  });
}

/** A selector that asks the same family for a label that was found to be gone: nothing else of it may have happened yet. */
function likeOne(selector: Selector, found: readonly Gone[]): Gone[] {
  const alike = found.find(
    ({ selector: other, matcher }) =>
      nameOf(other) === nameOf(selector) &&
      matched(other, 'direction') === matched(selector, 'direction') &&
      selector.matchers.some(({ label }) => label === matcher.label),
  );
  const matcher = selector.matchers.find(({ label }) => label === alike?.matcher.label);
  return alike && matcher ? [{ selector, matcher, history: alike.history }] : [];
}

/** The history of a label that a selector asks for, that the running versions do not give, and that no series has. */
export function goneLabel(
  selector: Selector,
  label: string,
  facts: {
    proxyVersions: readonly string[];
    valuesOf(label: string, selector: Selector): readonly string[] | undefined;
  },
): LabelHistory | undefined {
  const history = labelHistory(nameOf(selector), label, matched(selector, 'direction'));
  // One that the empty value satisfies asks for nothing.
  const asks = selector.matchers.some((matcher) => matcher.label === label && matches(matcher, '') === false);
  if (!history || !asks || facts.proxyVersions.some((version) => hasIt(history, version))) return undefined;
  const values = facts.valuesOf(label, withoutLabel(selector, label));
  return values && values.length > 0 && values.every((value) => value === '') ? history : undefined;
}

function textOf({ selector, matcher, history }: Gone, context: QueryContext): string {
  const versions = proxyVersions(context.evidence);
  const running = versions.length > 0 ? `; here run ${versions.map((v) => `v${v}`).join(', ')} (proxy_build_info)` : '';
  const direction = history.direction ? `${history.direction} series` : 'series';
  return `${print(asInstant(withoutLabel(selector, matcher.label)))} selects series, none of which has a value for ${matcher.label}: ${direction} of ${spanText(history)} have one${running}`;
}

/** Of the proxies that run, as Prometheus knows them; of those that were there lately, where it does not say who is. */
export function proxyVersions({ stored, prometheus }: Pick<Evidence, 'stored' | 'prometheus'>): string[] {
  const infos = stored.filter(({ labels }) => labels.__name__ === 'proxy_build_info');
  const targets = new Set(prometheus.active.map(({ labels }) => labels.instance));
  // During a roll-out the pods that have gone are still among what is stored.
  const present = infos.filter(({ labels }) => targets.has(labels.instance));
  const versions = (present.length > 0 ? present : infos).flatMap(({ labels }) => versionOf(labels) ?? []);
  return [...new Set(versions)].sort();
}

/** A pod label of that name takes the metric's own label over (facts, section 9); the oldest proxies have none. */
function versionOf(labels: Readonly<Record<string, string>>): string | undefined {
  return labels.exported_version ?? (labels.rust_version === undefined ? labels.version : SILENT);
}

/** An authority names a Service, `cart.shop.svc.cluster.local`; often a workload is called the same. */
const AUTHORITY = /^\^?([a-z0-9-]+)\\?\.([a-z0-9-]+)(?:\\?\.svc.*)?(?::\d+|\.\*|\$)*$/;

function byWorkload({ selector, matcher }: Gone): Selector {
  const name = AUTHORITY.exec(matcher.value);
  const rest = withoutLabel(selector, matcher.label);
  if (matcher.label !== 'authority' || !name) return rest;
  return withLabels(rest, { deployment: name[1]!, namespace: name[2]! });
}

/** The callers' side of the same requests still has it. */
function byCaller({ selector, matcher }: Gone): Selector {
  if (matcher.label !== 'authority') return withoutLabel(selector, matcher.label);
  return {
    ...selector,
    matchers: selector.matchers.map((m) => (m.label === 'direction' ? { ...m, value: 'outbound' } : m)),
  };
}

function byParent({ selector, matcher }: Gone): Selector {
  const name = AUTHORITY.exec(matcher.value);
  const rest = withoutLabel(selector, matcher.label);
  if (matcher.label !== 'hostname' || !name) return rest;
  return withLabels(rest, { parent_name: name[1]!, parent_namespace: name[2]! });
}

/** With those labels that it does not ask for yet. */
function withLabels(selector: Selector, labels: Record<string, string>): Selector {
  return Object.entries(labels)
    .filter(([label]) => !selector.matchers.some((matcher) => matcher.label === label))
    .reduce((sum, [label, value]) => withMatcher(sum, { label, op: '=', value }), selector);
}
