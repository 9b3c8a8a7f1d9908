/** Terminal output as HTML: the colours and weights that the project's reports use (SGR), nothing that moves a cursor. */

const CLASSES: Record<number, string> = {
  1: 'bold',
  2: 'dim',
  3: 'italic',
  4: 'underline',
  31: 'red',
  32: 'green',
  33: 'yellow',
  34: 'blue',
  35: 'magenta',
  36: 'cyan',
  90: 'grey',
};
/** What ends which: weights, colours. */
const ENDS: Record<number, RegExp> = {
  22: /^(?:bold|dim)$/,
  23: /^italic$/,
  24: /^underline$/,
  39: /^(?:red|green|yellow|blue|magenta|cyan|grey)$/,
};

/** @throws Error at a sequence that is none of these: the picture would be wrong */
export function ansiToHtml(text: string): string {
  let classes: string[] = [];
  // biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences are what is looked for
  return text.replace(/\u001b\[([\d;]*)m|[^\u001b]+|\u001b/g, (piece, codes: string | undefined) => {
    if (codes === undefined) {
      if (piece === '\u001b') throw new Error('an escape sequence that sets no colour');
      const escaped = piece.replace(/[&<>]/g, (char) => `&#${char.charCodeAt(0)};`);
      return classes.length > 0 ? `<span class="${classes.join(' ')}">${escaped}</span>` : escaped;
    }
    for (const code of codes.split(';').map(Number)) classes = after(classes, code);
    return '';
  });
}

function after(classes: string[], code: number): string[] {
  if (code === 0) return [];
  const ended = ENDS[code];
  if (ended) return classes.filter((name) => !ended.test(name));
  const name = CLASSES[code];
  if (!name) throw new Error(`SGR ${code} is not known`);
  return [...classes, name];
}

/** A page with one terminal on it, as wide as its longest line. */
export function terminalPage(text: string): string {
  return `<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>terminal</title><style>
body { margin: 0; background: #fff; }
pre { display: inline-block; margin: 0; padding: 18px 22px; background: #12161b; color: #e6e9ed; border-radius: 8px;
  font: 14px/1.4 "DejaVu Sans Mono", Menlo, Consolas, monospace; white-space: pre; }
.bold { font-weight: 700; } .dim { color: #a0a9b4; } .italic { font-style: italic; } .underline { text-decoration: underline; }
.red { color: #ff8f8f; } .green { color: #6ed392; } .yellow { color: #f0c060; } .blue { color: #6cb2ff; }
.magenta { color: #c9a2f2; } .cyan { color: #6fd6dd; } .grey { color: #8b949e; }
</style></head><body><pre>${ansiToHtml(text.trimEnd())}</pre></body></html>
`;
}
