import { type Configuration, PROMETHEUS_TEXT, SCENARIO_TEXT } from '../../../result/timeline/configuration.ts';
import { folded } from '../figure.ts';
import { type Content, html, type Markup } from '../markup.ts';

/** Of each: whoever reads on does so in the file. */
const MOST_BYTES = 8000;

/** Both, folded away; nothing where neither was kept. */
export function configurationOf({ scenario, prometheus }: Configuration, name: string): Content {
  if (scenario === null && prometheus === null) return null;
  return html`<h4>Configuration</h4>
${scenario !== null && folded('The scenario as it was run, defaults filled in', code(scenario, `${name}/${SCENARIO_TEXT}`))}${
  prometheus !== null && folded('What Prometheus scraped with', code(prometheus, `${name}/${PROMETHEUS_TEXT}`))
}`;
}

function code(text: string, file: string): Markup {
  const shown = headOf(text.trimEnd(), MOST_BYTES);
  const cut = text.trimEnd().length - shown.length;
  return html`<pre><code>${shown}</code></pre>
${cut > 0 && html`<p class="remark">Cut here: the rest stands in <code>${file}</code>, in the folder of the run.</p>\n`}`;
}

/** Whole lines from the beginning, up to so many bytes; of a first line that is longer its beginning. */
function headOf(text: string, bytes: number): string {
  const buffer = Buffer.from(text);
  if (buffer.byteLength <= bytes) return text;
  const head = buffer
    .subarray(0, bytes)
    .toString('utf8')
    .replace(/\uFFFD+$/, '');
  const end = head.lastIndexOf('\n');
  return end > 0 ? head.slice(0, end) : head;
}
