import { type Content, html, type Markup } from './markup.ts';

export interface Column {
  name: string;
  /** Numbers stand to the right. */
  number?: boolean;
}

/**
 * A table with its caption, which a narrow screen scrolls by itself. Cells of a row as many as columns, of which the first
 * `NUMBER_COLUMNS` may be numbers.
 */
export function table(caption: string, columns: readonly Column[], rows: readonly (readonly Content[])[]): Markup {
  const numbers = columns.map(({ number }, i) => (number ? `n${i + 1}` : '')).filter(Boolean);
  // Once a table, not once a cell: half of the page would be classes.
  const right = numbers.length > 0 && html` class="${numbers.join(' ')}"`;
  return html`<div class="scrolls" tabindex="0" role="region" aria-label="${caption}"><table${right}><caption>${caption}</caption>
<thead><tr>${columns.map(({ name }) => html`<th scope="col">${name}</th>`)}</tr></thead>
<tbody>${rows.map((row) => html`<tr>${row.map((cell) => html`<td>${cell}</td>`)}</tr>\n`)}</tbody></table></div>`;
}

/** A chart, what it shows, and the same as a table: nobody has to read it off a picture. */
export function figure(parts: { title: Content; picture: Markup; caption?: Content; data: Markup }): Markup {
  return html`<figure><figcaption>${parts.title}</figcaption>
${parts.picture}
${parts.caption && html`<p class="remark">${parts.caption}</p>`}
<details class="data"><summary>Table</summary>${parts.data}</details></figure>
`;
}

/** What is folded away until somebody asks. */
export function folded(summary: Content, content: Content, open = false): Markup {
  return html`<details${open && html` open`}><summary>${summary}</summary>
${content}</details>
`;
}

const WORDS = { pass: 'pass', fail: 'fail', inconclusive: 'inconclusive' } as const;

/** A verdict as a word with a shape: colour alone says nothing to many. */
export function badge(verdict: keyof typeof WORDS): Markup {
  return html`<span class="badge ${verdict}">${WORDS[verdict]}</span>`;
}
