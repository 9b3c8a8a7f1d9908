/** As much of Markdown as documents are checked by: fenced blocks, headings with their anchors, links. */

export interface Fence {
  /** What follows the three back-quotes, as in `yaml` or `console`. */
  info: string;
  /** Its lines, each with its end. */
  body: string;
  /** Of the first line of the body, from 1. */
  line: number;
}

export interface Link {
  /** As it stands there: an address, a path, `#anchor`. */
  target: string;
  line: number;
}

interface Line {
  text: string;
  /** From 1. */
  number: number;
}

/** Fenced blocks, indented ones included, with the indentation of their fence taken away. */
export function fences(text: string): Fence[] {
  return split(text).fences;
}

/** Lines that stand in no fenced block. */
export function prose(text: string): Line[] {
  return split(text).prose;
}

function split(text: string): { fences: Fence[]; prose: Line[] } {
  const [fenced, rest]: [Fence[], Line[]] = [[], []];
  let open: { indent: string; info: string; line: number; lines: string[] } | null = null;
  for (const [i, line] of text.split('\n').entries()) {
    const fence = /^(\s*)```(.*)$/.exec(line);
    if (open) {
      if (fence && fence[2]!.trim() === '') {
        fenced.push({ info: open.info, line: open.line, body: open.lines.map((l) => `${l}\n`).join('') });
        open = null;
      } else open.lines.push(line.startsWith(open.indent) ? line.slice(open.indent.length) : line);
    } else if (fence) open = { indent: fence[1]!, info: fence[2]!.trim(), line: i + 2, lines: [] };
    else rest.push({ text: line, number: i + 1 });
  }
  return { fences: fenced, prose: rest };
}

/** The anchors that GitHub gives to the headings of a document, and those written as `<a id="...">`. */
export function anchors(text: string): Set<string> {
  const found = new Set<string>();
  const seen = new Map<string, number>();
  for (const { text: line } of prose(text)) {
    for (const [, id] of line.matchAll(/<a (?:id|name)="([^"]+)"/g)) found.add(id!);
    const heading = /^#{1,6}\s+(.*?)\s*#*$/.exec(line);
    if (!heading) continue;
    const slug = slugOf(heading[1]!);
    const before = seen.get(slug) ?? 0;
    seen.set(slug, before + 1);
    found.add(before === 0 ? slug : `${slug}-${before}`);
  }
  return found;
}

/** What GitHub makes of a heading: lower case, without punctuation, with hyphens for spaces. */
export function slugOf(heading: string): string {
  return heading
    .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, '')
    .replace(/\s/g, '-');
}

/** Links and images, of HTML too; code in back-quotes is none. */
export function links(text: string): Link[] {
  return prose(text).flatMap(({ text: line, number }) => {
    const plain = line.replace(/`[^`]*`/g, '``');
    const found = [
      ...plain.matchAll(/\]\(([^)\s]+)(?:\s+"[^"]*")?\)/g),
      ...plain.matchAll(/\b(?:href|src|srcset)="([^"]+)"/g),
    ];
    return found.map((match) => ({ target: match[1]!, line: number }));
  });
}

/** Puts `content` between `<!-- name -->` and `<!-- /name -->`. @throws RangeError when the text has no such markers */
export function between(text: string, name: string, content: string): string {
  const [begin, end] = [`<!-- ${name} -->`, `<!-- /${name} -->`];
  const from = text.indexOf(begin);
  const to = text.indexOf(end);
  if (from < 0 || to < from) throw new RangeError(`the document has no ${begin} ... ${end}`);
  return `${text.slice(0, from + begin.length)}\n${content.trim()}\n${text.slice(to)}`;
}
