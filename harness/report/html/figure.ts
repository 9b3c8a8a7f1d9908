import { type Content, html, Markup } from './markup.ts';

export interface Column {
  name: string;
  /** Numbers stand to the right. */
  number?: boolean;
}

/**
 * What is at least so many characters wide may not fit the page for those who show it at twice its size. It is a region that Tab
 * comes by, as a keyboard could not scroll it otherwise; whatever is narrower is no stop on the way.
 */
const WIDE = 80;
/** Of the space between columns. */
const GAP = 2;

/**
 * A table with its caption, which a narrow screen scrolls by itself. Cells of a row as many as columns, of which the first
 * `NUMBER_COLUMNS` may be numbers.
 * @param about what tells it from others of its caption, for those who go from region to region
 */
export function table(
  caption: string,
  columns: readonly Column[],
  rows: readonly (readonly Content[])[],
  about = '',
): Markup {
  const numbers = columns.map(({ number }, i) => (number ? `n${i + 1}` : '')).filter(Boolean);
  // Once a table, not once a cell: half of the page would be classes.
  const right = numbers.length > 0 && html` class="${numbers.join(' ')}"`;
  const own = html`<table${right}><caption>${caption}</caption>
<thead><tr>${columns.map(({ name }) => html`<th scope="col">${name}</th>`)}</tr></thead>
<tbody>${rows.map((row) => html`<tr>${row.map((cell) => html`<td>${cell}</td>`)}</tr>\n`)}</tbody></table>`;
  if (leastWidth(columns, rows) < WIDE) return html`<div class="scrolls">${own}</div>`;
  return scrolling(about ? `${caption}: ${about}` : caption, own);
}

/** What may be wider than the page, and scrolls by itself. Its name is that of no other on the page. */
export function scrolling(name: string, content: Content, look = ''): Markup {
  return html`<div class="scrolls${look && ` ${look}`}" tabindex="0" role="region" aria-label="${name}">${content}</div>`;
}

/** Of a table in characters, when its text is broken wherever it may be. */
function leastWidth(columns: readonly Column[], rows: readonly (readonly Content[])[]): number {
  return columns.reduce((sum, { name, number }, i) => {
    const longest = rows.reduce((most, row) => Math.max(most, longestWord(row[i], number ?? false)), name.length);
    return sum + longest + GAP;
  }, 0);
}

/** Numbers stay on one line; so does the code of a cell up to the width that pages give it. */
function longestWord(cell: Content, whole: boolean): number {
  const text = cell instanceof Markup ? cell.text.replace(/<[^>]*>/g, '') : String(cell ?? '');
  if (whole) return text.length;
  return text.split(/[\s-]+/).reduce((most, word) => Math.max(most, word.length), 0);
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
