/** Under the heading of every page that is made. */
export const GENERATED = 'This page is made from the code by `npm run docs -- --reference`; a test compares.';

/** Text as one cell of a table. */
export function cell(text: string): string {
  return text
    .replaceAll('|', '\\|')
    .replaceAll(/(?<!`)<(?=\w)/g, '&lt;')
    .replaceAll(/\s*\n\s*/g, ' ')
    .trim();
}

/** `a`, `b` and `c`. */
export function codes(names: readonly string[]): string {
  return names.map((name) => `\`${name}\``).join(', ');
}
