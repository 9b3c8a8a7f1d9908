import type { ScenarioResult } from '../../../result/types.ts';
import { type Deviation, goldenDeviations } from '../../deviation.ts';
import { formatDuration, formatNumber } from '../../format.ts';
import { flowCount } from '../../summary.ts';
import { badge, table } from '../figure.ts';
import { html, type Markup } from '../markup.ts';

const LEGEND =
  'Flows: those that agree, of all. Count, success rate, latency: the furthest that Prometheus is off the truth, red where that ' +
  'can’t be true (where callers gave up, what was counted is open within their number); a percentile over buckets may be off ' +
  'by the width of its bucket, and “!” says that it is further off.';

/** Of the element that a link leads to; inside of what is folded, so that following the link opens it. */
export function anchorOf(index: number): string {
  return `scenario-${index + 1}`;
}

/** A row a scenario. */
export function overviewTable(scenarios: readonly ScenarioResult[]): Markup {
  const number = (name: string) => ({ name, number: true });
  const columns = [
    ...[{ name: 'Scenario' }, { name: 'Verdict' }],
    ...['Requests', 'Flows', 'Count', 'Success rate', 'Latency', 'Took'].map(number),
  ];
  const rows = scenarios.map((scenario, i) => {
    const { count, success, latency } = goldenDeviations(scenario);
    return [
      html`<a href="#${anchorOf(i)}">${scenario.name || '(no name)'}</a>`,
      badge(scenario.verdict),
      formatNumber(scenario.traffic.requests),
      flowCount(scenario),
      ...[count, success, latency].map(deviationCell),
      formatDuration(scenario.durationMs),
    ];
  });
  return html`${table('Verdicts, and how far Prometheus is off the truth', columns, rows)}<p class="remark">${LEGEND}</p>\n`;
}

function deviationCell({ state, text }: Deviation): Markup {
  const mood = { off: 'wrong', missing: 'missing', exact: '', within: '', none: 'faint' }[state];
  return mood ? html`<span class="${mood}">${text}</span>` : html`${text}`;
}
