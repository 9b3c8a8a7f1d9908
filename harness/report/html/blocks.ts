import { type Block, type Mood, sentenceCase } from '../bench/document.ts';
import { table } from './figure.ts';
import { html, type Markup } from './markup.ts';
import type { Page } from './page.ts';

/** A text before a table that is no longer than this is its caption. */
const CAPTION = 80;

/**
 * Blocks of a report (`../bench/document.ts`) as HTML, in the order in which they are. Titles become headings of the third level.
 * @param caption of a table that has neither a title nor a short text before it
 */
export function blocksToHtml(blocks: readonly Block[], caption = ''): Markup {
  return html`${blocks.map((block, i) => blockToHtml(block, blocks.slice(0, i), blocks[i + 1], caption))}`;
}

/** The head of a page in the mood of a headline. */
export function pageMood(mood: Mood | undefined): Page['mood'] {
  return mood === 'open' ? 'unsure' : (mood ?? 'none');
}

function blockToHtml(block: Block, before: readonly Block[], after: Block | undefined, caption: string): Markup | null {
  switch (block.kind) {
    case 'headline':
      return html`<p><strong>${block.text}</strong></p>\n`;
    case 'title':
      return html`<h3>${splitTitle(block.text).title}</h3>\n`;
    case 'text':
      return after?.kind === 'table' && isCaption(block.text) ? null : html`<p>${block.text}</p>\n`;
    case 'items':
      return html`<ul>${block.items.map((item) => html`<li>${item}</li>\n`)}</ul>\n`;
    case 'code':
      return html`<pre><code>${block.text.trimEnd()}</code></pre>\n`;
    case 'table':
      return table(
        captionFrom(before) || caption,
        block.columns.map(({ title, align }) => ({ name: headingOf(title), number: align === 'right' })),
        block.rows,
      );
  }
}

const isCaption = (text: string) => text.length <= CAPTION;

function captionFrom(before: readonly Block[]): string {
  const last = before.at(-1);
  if (last?.kind === 'text' && isCaption(last.text)) return last.text;
  const titled = before.findLast((block) => block.kind === 'title');
  if (!titled) return '';
  const { title, remark } = splitTitle(titled.text);
  return remark || title;
}

/** `What it takes (P99: of scrapes)`: what stands in brackets at the end explains the table. */
function splitTitle(text: string): { title: string; remark: string } {
  const [, title = text, remark = ''] = /^(.*?) \(([^()]*)\)$/.exec(text) ?? [];
  return { title, remark };
}

/** Titles of columns are in capitals, units in them are not. */
function headingOf(title: string): string {
  return /[a-z]/.test(title) ? title.charAt(0) + title.slice(1).toLowerCase() : sentenceCase(title);
}
