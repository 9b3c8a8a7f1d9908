import { stringify } from 'yaml';
import { promDuration } from '../../prometheus/duration.ts';
import { nameOf, selectorsOf } from '../../prometheus/promql/index.ts';
import type { Query } from '../types.ts';
import { treeOf } from './found.ts';

/**
 * A rule file with every recording rule that can be evaluated, for the Prometheus of each world; null: there is none. They are one
 * group, at the interval of scrapes: rules of a group are evaluated one after the other, so a rule that builds on another one comes
 * after it and sees what it has just recorded. A rule that is given twice (a file and its cluster) is there once. Two of the same
 * name with different expressions both stay: they record different series, or they would clash in production as well.
 * @param intervalMs whole milliseconds
 */
export function recordingRules(queries: readonly Query[], intervalMs: number): string | null {
  const rules = new Map<string, Query>();
  for (const query of queries) {
    if (query.records === '' || treeOf(query.expr) === null) continue;
    const key = JSON.stringify([query.records, query.expr, Object.entries(query.labels).sort()]);
    if (!rules.has(key)) rules.set(key, query);
  }
  if (rules.size === 0) return null;
  const group = {
    name: 'recording-rules',
    interval: promDuration(intervalMs),
    rules: inOrder([...rules.values()]).map(({ records, expr, labels }) => ({
      record: records,
      expr,
      ...(Object.keys(labels).length > 0 && { labels }),
    })),
  };
  return stringify({ groups: [group] }, { lineWidth: 0 });
}

/** Those that others build on first; in the order in which they were given otherwise, also where they build on each other. */
function inOrder(rules: readonly Query[]): Query[] {
  const byName = Map.groupBy(rules, ({ records }) => records);
  const ordered = new Set<Query>();
  const visiting = new Set<Query>();
  const visit = (rule: Query) => {
    if (ordered.has(rule) || visiting.has(rule)) return;
    visiting.add(rule);
    const needs = selectorsOf(treeOf(rule.expr)!).flatMap((selector) => byName.get(nameOf(selector)) ?? []);
    for (const other of needs) visit(other);
    ordered.add(rule);
  };
  for (const rule of rules) visit(rule);
  return [...ordered];
}
