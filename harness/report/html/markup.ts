/** Text that is HTML already. Only `html` and `trusted` make it, so that nothing gets onto a page unescaped by mistake. */
export class Markup {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }

  toString(): string {
    return this.text;
  }
}

/** What may stand in a template: text is escaped, markup is taken as it is, lists are joined, nothing is nothing. */
export type Content = Markup | string | number | null | undefined | false | readonly Content[];

/** HTML with whatever is filled in escaped: names, labels and errors came from outside. */
export function html(strings: TemplateStringsArray, ...values: Content[]): Markup {
  let text = strings[0]!;
  for (let i = 0; i < values.length; i++) text += textOf(values[i]) + strings[i + 1]!;
  return new Markup(text);
}

/** Markup that something else made: an SVG of the chart library, say, which escapes what it is given. */
export function trusted(text: string): Markup {
  return new Markup(text);
}

/** A sentence with its code between backquotes, as remedies and reasons have it. */
export function prose(text: string): Markup {
  // Every second part stood between two of them; a last one without its end is text.
  const parts = text.split('`');
  const whole = parts.length % 2 === 1 ? parts : [...parts.slice(0, -2), parts.slice(-2).join('`')];
  return html`${whole.map((part, i) => (i % 2 === 1 ? html`<code>${part}</code>` : part))}`;
}

/** For text and for attributes in double quotes. Characters that HTML cannot hold, and those that turn text around, become U+FFFD. */
export function escapeHtml(text: string): string {
  return text.replace(UNSAFE, (char) => ENTITIES[char] ?? '\uFFFD');
}

// Control characters but tab, line feed and carriage return; what changes the direction of text; halves of surrogate pairs.
const UNSAFE =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  /[&<>"'\u0000-\u0008\u000B\u000C\u000E-\u001F\u007F\u202A-\u202E\u2066-\u2069]|[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF]/g;
const ENTITIES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

function textOf(value: Content): string {
  if (value === null || value === undefined || value === false) return '';
  if (value instanceof Markup) return value.text;
  if (typeof value === 'string') return escapeHtml(value);
  if (typeof value === 'number') return String(value);
  return value.map(textOf).join('');
}
