import { oneLine } from './text.ts';

/** A table; its cells are escaped. */
export function table(head: string[], rows: string[][]): string[] {
  const line = (cells: string[]) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map((row) => line(row.map(escapeMarkdown)))];
}

/** Text that shows as it is: no markup, no HTML, no link, no mention, one line. */
export function escapeMarkdown(text: string): string {
  return escapeHtml(oneLine(text))
    .replace(/[\\`*_{}[\]|~$]/g, '\\$&')
    .replace(/^(?:[-+=]|#{1,6})(?=[\s#+=-]|$)/, '\\$&')
    .replace(/^(\d+)([.)])(?=\s|$)/, '$1\\$2')
    .replace(/@(?=\w)/g, '@<!-- -->')
    .replace(/:\/\//g, ':<!-- -->//')
    .replace(/\bwww\./gi, (www) => `${www.slice(0, 3)}<!-- -->.`);
}

/** For text inside of HTML elements. */
export function escapeHtml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}
