/** What tests ask of a page as text, without a browser. */

/** Tags that no page has, and things that only they bring; empty: all is well. */
export function foreign(page: string): string[] {
  const markup = page.replace(/<style>[\s\S]*?<\/style>/, '');
  return [...markup.matchAll(/<[a-z][^>]*>/gi)].map(([tag]) => tag).filter(isForeign);
}

function isForeign(tag: string): boolean {
  if (/^<(?:script|img|iframe|object|style|base|form)\b/i.test(tag)) return true;
  return /\son[a-z]+\s*=/i.test(tag.replace(/"[^"]*"/g, '""'));
}

/** Words that come of a value that was not there, outside of what a record itself says. */
export function holes(page: string): string[] {
  return [...visible(page).matchAll(/\b(?:undefined|NaN|\[object \w+\]|Infinity)\b/g)].map(([found]) => found);
}

/** Text as it is seen: without tags and the picture's own, entities resolved, white space as one. */
export function visible(page: string): string {
  return page
    .replace(/<(style|svg)\b[\s\S]*?<\/\1>/g, ' ')
    .replace(/<[^>]*>/g, ' ')
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&#39;', "'")
    .replaceAll('&amp;', '&')
    .replace(/\s+/g, ' ');
}

/** The first of the texts that does not come after those before it; empty: all are there, in that order. */
export function outOfOrder(page: string, texts: readonly string[]): string {
  const text = visible(page);
  let from = 0;
  for (const one of texts) {
    const at = text.indexOf(one, from);
    if (at < 0) return one;
    from = at + one.length;
  }
  return '';
}

/** Figures without a table or a label. */
export function poorFigures(page: string): string[] {
  return page
    .split('<figure>')
    .slice(1)
    .map((part) => part.split('</figure>')[0]!)
    .filter((part) => !part.includes('<table') || !/<svg [^>]*aria-label="[^"]+"/.test(part));
}
