import type { QueryVerdict } from '../../../result/upgrade/types.ts';
import { plural } from '../../format.ts';
import { isForeseen, OUTCOME, outcomeOf, troubledQueries } from '../../upgrade/summary.ts';
import { folded } from '../figure.ts';
import { html, type Markup } from '../markup.ts';

/** Those that break first, with why and what instead; then what else differs; the same ones are folded away. */
export function queriesPart(queries: readonly QueryVerdict[]): Markup {
  const troubled = troubledQueries(queries);
  const broken = troubled.filter((query) => query.broken);
  const other = troubled.filter((query) => !query.broken);
  const rest = queries.filter((query) => !troubled.includes(query));
  const fine = rest.filter((query) => !query.notExercised);
  const idle = rest.filter((query) => query.notExercised);
  return html`${broken.map(queryPart)}${other.map(queryPart)}
${fine.length > 0 && folded(`${plural(fine.length, 'query', 'queries')} that ${fine.length === 1 ? 'says' : 'say'} the same`, listed(fine))}
${idle.length > 0 && folded(`${plural(idle.length, 'query', 'queries')} that nothing here exercises`, listed(idle))}`;
}

function queryPart(query: QueryVerdict): Markup {
  const { broken, place, expr, evaluated, seen, reason, rewrite } = query;
  const look = broken ? 'fail' : 'inconclusive';
  const word = broken ? `broken: ${outcomeOf(query)}` : outcomeOf(query);
  return html`<div class="diagnosis${!broken && ' reading'}"><h3><span class="badge ${look}">${word}</span> ${place}</h3>
<pre><code>${expr}</code></pre>
<ul><li>Seen: ${seen}</li>
${reason && html`<li>${isForeseen(query) ? 'Will be' : 'Why'}: ${reason}</li>`}
${evaluated !== expr && html`<li>Evaluated: <code>${evaluated}</code></li>`}</ul>
${rewrite && html`<p>Instead, evaluated after the upgrade (${OUTCOME[rewrite.checked]}):</p>\n<pre><code>${rewrite.expr}</code></pre>`}
</div>
`;
}

function listed(queries: readonly QueryVerdict[]): Markup {
  return html`<ul>${queries.map(
    (query) =>
      html`<li>${query.place}: ${outcomeOf(query)}${query.seen && `; ${query.seen}`}<br><code>${query.expr}</code></li>\n`,
  )}</ul>`;
}
