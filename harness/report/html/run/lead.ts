import type { Result, ScenarioResult, VerdictValue } from '../../../result/types.ts';
import { diagnosesOf, whyOf } from '../../diagnoses.ts';
import { formatNumber, plural } from '../../format.ts';
import { ownError } from '../../summary.ts';
import { commandText, doText, unexplained, whatText } from '../../trouble.ts';
import { badge } from '../figure.ts';
import { type Content, html, type Markup, prose } from '../markup.ts';
import { errorBlock } from './diagnosis.ts';
import { anchorOf } from './overview.ts';

/** More than these are in the table. */
const MAX_TOLD = 6;
const ORDER: Record<VerdictValue, number> = { fail: 0, inconclusive: 1, pass: 2 };

/** What the verdict rests on; of what is not a pass: what is wrong, why, what to do. */
export function leadOf(result: Result): Content {
  const error = ownError(result);
  const wrong = result.scenarios
    .map((scenario, index) => ({ scenario, index }))
    .filter(({ scenario }) => scenario.verdict !== 'pass' || scenario.error)
    .sort((a, b) => ORDER[a.scenario.verdict] - ORDER[b.scenario.verdict]);
  const more = wrong.length - MAX_TOLD;
  return [
    html`<p>${basis(result)}</p>\n`,
    error && errorBlock(error),
    wrong.length > 0 &&
      html`<ul class="troubles">${wrong.slice(0, MAX_TOLD).map(({ scenario, index }) => troubleItem(scenario, index))}</ul>\n`,
    more > 0 && html`<p>And ${plural(more, 'more scenario')} in the <a href="#scenarios">table</a>.</p>\n`,
  ];
}

function basis({ scenarios, verdict }: Result): string {
  const sum = (of: (scenario: ScenarioResult) => number) =>
    scenarios.reduce((total, scenario) => total + of(scenario), 0);
  const flows = sum((s) => s.flows.length);
  const comparisons = sum((s) => s.checks.reduce((total, check) => total + check.comparisons, 0));
  const violations = sum((s) => s.checks.reduce((total, check) => total + check.violations, 0));
  const basis = `${plural(
    sum((s) => s.traffic.requests),
    'request',
  )}, ${plural(flows, 'flow')}, ${plural(comparisons, 'comparison')}`;
  if (flows === 0) return 'Nothing was compared.';
  if (violations > 0) return `${basis}: ${formatNumber(violations)} of the comparisons can’t be true.`;
  if (verdict === 'pass') return `What Prometheus says is true: ${basis}, every one within its bounds.`;
  const rest = verdict === 'fail' ? 'what is wrong lies elsewhere' : 'but this run allows no verdict';
  return `${basis}: every one within its bounds, ${rest}.`;
}

/** The three answers of the terminal: what, why, what to do. */
function troubleItem(scenario: ScenarioResult, index: number): Markup {
  const [first, ...others] = diagnosesOf(scenario);
  const more = others.length > 0 ? ` (and ${plural(others.length, 'more cause')})` : '';
  const why = first ? `${whyOf(first).answer}${more}` : unexplained(scenario);
  const command = commandText(scenario);
  return html`<li><p><a href="#${anchorOf(index)}"><b>${scenario.name || '(no name)'}</b></a> ${badge(scenario.verdict)}</p>
<dl>${term('What', whatText(scenario))}${term('Why', why)}${term('Do', doText(scenario), command && html`<br><code>${command}</code>`)}</dl></li>
`;
}

function term(name: string, text: string, more: Content = null): Content {
  return (text || more) && html`<dt>${name}</dt><dd>${prose(text)}${more}</dd>\n`;
}
