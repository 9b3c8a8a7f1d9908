import { parseDuration, parsePercent, parseRate, UnitError } from '../../core/units.ts';
import { bare, type Expr, PromqlError, parse } from '../../prometheus/promql/index.ts';
import { type Path, shorten } from '../error.ts';
import type { Expectations, QueryExpectation, SloCondition, SloSpec } from '../model.ts';
import type { QueryEntry, SloEntry } from '../schema/expectations.ts';
import type { ScenarioFile } from '../schema/file.ts';
import type { Catalogue } from './catalogue.ts';
import type { Context } from './context.ts';

const METRICS = ['successRate', 'p50', 'p90', 'p95', 'p99', 'rate'] as const;

/** The flows that the traffic causes, as `source -> destination`: who is asked, and who answers. */
interface Edges {
  asked: ReadonlySet<string>;
  answered: ReadonlySet<string>;
}

export function toExpectations(file: ScenarioFile, catalogue: Catalogue, edges: Edges, context: Context): Expectations {
  const { golden, slo, idle } = file.expect;
  const queries = file.expect.queries.flatMap(
    (entry, i) => toQuery(entry, ['expect', 'queries', i], catalogue, edges, context) ?? [],
  );
  return {
    goldenEveryFlow: golden.everyFlow,
    slo: slo.flatMap((entry, i) => toSlo(entry, ['expect', 'slo', i], catalogue, edges, context) ?? []),
    idle: idle.flatMap((ref, i) => {
      const at = ['expect', 'idle', i];
      const service = catalogue.resolve(ref, context.namespace, at, 'an expectation names');
      if (!service) return [];
      const from = [...edges.answered].find((edge) => edge.endsWith(` -> ${service.id}`));
      if (from) {
        context.report(
          at,
          `${service.id} can't be idle: there is the flow ${from}`,
          'remove it here, or the calls to it',
        );
      }
      return [service.id];
    }),
    ...(queries.length > 0 ? { queries } : {}),
  };
}

function toSlo(entry: SloEntry, at: Path, catalogue: Catalogue, edges: Edges, context: Context): SloSpec | null {
  const conditions = METRICS.flatMap((metric) => {
    const text = entry[metric];
    return text === undefined ? [] : (toCondition(metric, text, [...at, metric], context) ?? []);
  });
  if (METRICS.every((metric) => entry[metric] === undefined)) {
    context.report(at, 'this expects nothing', `add one of ${METRICS.join(', ')}, as in \`successRate: ">= 99%"\``);
  }
  const flow = toFlow(entry.flow, at, catalogue, edges, context);
  return flow && { ...flow, conditions };
}

function toQuery(
  entry: QueryEntry,
  at: Path,
  catalogue: Catalogue,
  edges: Edges,
  context: Context,
): QueryExpectation | null {
  if (entry.within === 0 && context.isWhole([...at, 'within'])) {
    context.report([...at, 'within'], 'no query is that exact', 'write `5%`');
  }
  checkExpr(entry.expr, [...at, 'expr'], context);
  const flow = toFlow(entry.flow, at, catalogue, edges, context);
  if (!flow) return null;
  return { expr: entry.expr, metric: entry.metric, ...flow, overMs: entry.over ?? null, within: entry.within };
}

/** Reports an expression that is no PromQL, or that can't have one value. What Prometheus alone can tell it says when asked. */
function checkExpr(expr: string, at: Path, context: Context): void {
  // An empty one is reported where the file is read.
  if (!context.isWhole(at)) return;
  try {
    const [message, hint] = severalValues(bare(parse(expr))) ?? [];
    if (message !== undefined) context.report(at, message, hint!);
  } catch (error) {
    if (!(error instanceof PromqlError)) throw error;
    context.report(at, `this is no PromQL: ${error.message}`, error.hint);
  }
}

/** What is wrong with it, and a hint; null: it may have one number. */
function severalValues(expr: Expr): [string, string] | null {
  if (expr.kind === 'string')
    return ['a text is no number', 'write a query that yields one, as in `sum(rate(request_total[10s]))`'];
  if (expr.kind === 'subquery') {
    return ['a subquery yields samples over time, not one number', 'put it in a function, as in `max_over_time(...)`'];
  }
  if (expr.kind === 'selector' && expr.range !== null) {
    return ['a range vector is no number', 'put it in a function, as in `sum(rate(...))`'];
  }
  return null;
}

/** The ends of a flow that the traffic causes; null and a report when it is none. */
function toFlow(
  written: string,
  at: Path,
  catalogue: Catalogue,
  edges: Edges,
  context: Context,
): Pick<SloSpec, 'flow' | 'source' | 'destination'> | null {
  const ends = written.split('->').map((end) => end.trim());
  const [source, destination] = ends;
  if (ends.length !== 2 || !source || !destination) {
    context.report([...at, 'flow'], `\`${shorten(written)}\` is not a flow`, 'write `* -> web` or `web -> cart`');
    return null;
  }
  const from = flowEnd(source, at, catalogue, context);
  const to = flowEnd(destination, at, catalogue, context);
  if (from === null || to === null) return null;
  const matches = [...edges.asked, ...edges.answered].some((edge) => {
    const [a, b] = edge.split(' -> ');
    return (from === '*' || from === a) && (to === '*' || to === b);
  });
  if (!matches && context.complete.routes && context.complete.traffic) {
    context.report(
      [...at, 'flow'],
      `no traffic of this scenario goes ${from} -> ${to}`,
      'without traffic it can never hold',
    );
  }
  return { flow: `${from} -> ${to}`, source: from, destination: to };
}

function flowEnd(ref: string, at: Path, catalogue: Catalogue, context: Context): string | null {
  if (ref === '*') return ref;
  return (
    catalogue.resolveWorkload(shorten(ref), context.namespace, [...at, 'flow'], 'an expectation names')?.id ?? null
  );
}

function toCondition(metric: SloCondition['metric'], text: string, at: Path, context: Context): SloCondition | null {
  const example = metric === 'successRate' ? '>= 99%' : metric === 'rate' ? '>= 40/s' : '<= 500ms';
  const match = /^\s*(>=|<=|>|<)\s*(\S.*)$/.exec(text);
  if (!match) {
    context.report(at, `\`${shorten(text)}\` is not a condition`, `write \`${example}\`; there is >=, <=, > and <`);
    return null;
  }
  const parse = metric === 'successRate' ? parsePercent : metric === 'rate' ? parseRate : parseDuration;
  try {
    return { metric, op: match[1] as SloCondition['op'], value: parse(match[2]!), text: text.trim() };
  } catch (error) {
    if (!(error instanceof UnitError)) throw error;
    context.report(at, error.message, `write \`${example}\``);
    return null;
  }
}
