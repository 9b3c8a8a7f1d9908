import type { QueryResult, ScenarioResult } from '../../../result/types.ts';
import { informative, queryError, queryValue } from '../../flows.ts';
import { formatPercent } from '../../format.ts';
import { html, type Markup } from '../markup.ts';

/** Beyond this it is written as a factor, or not at all. */
const MUCH = 10;

/** What people's own queries would have shown; null where none was asked. Queries of one kind stand together, furthest off first. */
export function queryTables(scenario: ScenarioResult): Markup | null {
  const kinds = [
    ...Map.groupBy(informative(scenario), (q) =>
      JSON.stringify([q.tool, q.metric.startsWith('p') ? 'p' : q.metric]),
    ).values(),
  ];
  if (kinds.length === 0) return null;
  const sorted = kinds.toSorted((a, b) => worst(b) - worst(a) || 0);
  return html`<p class="remark">For information: they change no verdict. Truth is that of the same window.</p>
<div class="scrolls"><table class="queries n3 n4 n5"><caption>Furthest off the truth first</caption>
<thead><tr><th scope="col">About</th><th scope="col">Metric</th><th scope="col">Shows</th><th scope="col">Truth</th><th scope="col">Off</th></tr></thead>
${sorted.map(kindRows)}</table></div>
`;
}

function worst(queries: QueryResult[]): number {
  return Math.max(...queries.map(queryError));
}

const METRICS: Record<QueryResult['metric'], string> = {
  successRate: 'success rate',
  rate: 'rate',
  requests: 'requests',
  p50: 'p50',
  p90: 'p90',
  p95: 'p95',
  p99: 'p99',
};

const NAMES = { ...METRICS, p50: 'latency', p90: 'latency', p95: 'latency', p99: 'latency' };

/** `Grafana: top line: rate`; `Grafana: LATENCY` says it already. */
function kindName(tool: string, metric: string): string {
  return tool.toLowerCase().includes(metric) ? tool : `${tool}: ${metric}`;
}

function kindRows(queries: QueryResult[]): Markup {
  const { tool, metric, expr, subject } = queries[0]!;
  const reasons = [...new Set(queries.map(({ why }) => why).filter(Boolean))];
  return html`<tbody><tr><th scope="rowgroup" colspan="5">${kindName(tool, NAMES[metric])}${reasons.map((why) => html`<p class="remark">${why}</p>`)}
<details class="data"><summary>Query</summary><p><code>${expr}</code></p>${queries.length > 1 && html`<p class="remark">As asked about ${subject}; the others differ in the name, or in the percentile.</p>`}</details></th></tr>
${queries.toSorted((a, b) => queryError(b) - queryError(a) || 0).map(queryRow)}</tbody>
`;
}

function queryRow(query: QueryResult): Markup {
  return html`<tr><td>${query.subject}</td><td>${METRICS[query.metric]}</td><td>${queryValue(query, query.value)}</td><td>${queryValue(query, query.truth)}</td><td>${offText(query)}</td></tr>\n`;
}

function offText(query: QueryResult): string {
  const { value, truth } = query;
  if (value === null || truth === null) return value === truth ? '-' : 'no data';
  if (value === truth) return 'exact';
  if (query.metric === 'successRate') return `${signed((value - truth) * 100, 2)} pp`;
  if (truth === 0) return 'truth is 0';
  const share = (value - truth) / Math.abs(truth);
  if (Math.abs(share) >= MUCH) return `${Math.round(value / truth)} times`;
  const text = formatPercent(Math.abs(share), 1);
  return text === '0%' ? 'below 0.1%' : `${share > 0 ? '+' : '-'}${text}`;
}

function signed(value: number, digits: number): string {
  return `${value > 0 ? '+' : ''}${value.toFixed(digits)}`;
}
