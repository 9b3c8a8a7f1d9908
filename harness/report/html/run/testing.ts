/** A strict reader of pages. For tests. */

const TAGS = new Set(
  (
    'html head meta link br title style body a header main footer section nav h1 h2 h3 h4 p div span ul ol li dl dt dd b strong code pre ' +
    'table caption thead tbody tr th td figure figcaption details summary svg g path rect text tspan defs clippath polyline line circle'
  ).split(' '),
);
const EMPTY = new Set(['meta', 'link', 'br']);
/** Nothing that runs, and nothing that leads out of the page. */
const ATTRIBUTES =
  /^(?:lang|charset|content|http-equiv|name|rel|href|class|id|style|role|tabindex|open|scope|colspan|aria-label|aria-labelledby|x[12]?|y[12]?|[rc][xy]?|d|width|height|viewBox|xmlns(?::xlink)?|fill(?:-opacity|-rule)?|stroke(?:-(?:width|linecap|linejoin|dasharray|opacity|dashoffset|miterlimit))?|transform|points|clip-path|text-anchor|dominant-baseline|xml:space|opacity|paint-order|font-[a-z]+)$/;
const TOKEN = /<!DOCTYPE html>|<\/([A-Za-z0-9]+)>|<([A-Za-z0-9]+)((?:\s+[A-Za-z:-]+(?:="[^"<>]*")?)*)\s*(\/?)>|[^<]+/y;

export interface PageElement {
  name: string;
  attributes: Record<string, string>;
  /** Text is a child called `#text`. */
  children: PageElement[];
  /** Of `#text`, entities resolved. */
  text: string;
}

/** Reads a page of ours: throws at a tag or an attribute that no page of ours has, at a bare `<`, and where elements do not close. */
export function parsePage(page: string): PageElement {
  const root: PageElement = { name: '', attributes: {}, children: [], text: '' };
  const stack = [root];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < page.length) {
    const at = TOKEN.lastIndex;
    const match = TOKEN.exec(page);
    if (!match) throw new Error(`not a page of ours at ${at}: ${page.slice(at, at + 80)}`);
    const top = stack.at(-1)!;
    const [token, closed, opened, attributes = '', closes] = match;
    if (closed) {
      if (top.name !== closed.toLowerCase()) throw new Error(`</${closed}> closes <${top.name}> at ${at}`);
      stack.pop();
    } else if (opened) {
      const name = opened.toLowerCase();
      if (!TAGS.has(name)) throw new Error(`a tag that no page has: <${opened}> at ${at}`);
      const element: PageElement = { name, attributes: attributesOf(attributes), children: [], text: '' };
      top.children.push(element);
      if (!EMPTY.has(name) && !closes) stack.push(element);
    } else if (!token.startsWith('<!')) {
      if (top.name !== 'style' && /&(?!(?:amp|lt|gt|quot|#39);)/.test(token)) throw new Error(`a bare & at ${at}`);
      top.children.push({ name: '#text', attributes: {}, children: [], text: resolved(token) });
    }
  }
  if (stack.length !== 1) throw new Error(`<${stack.at(-1)!.name}> is not closed`);
  return root;
}

function attributesOf(text: string): Record<string, string> {
  const pairs = [...text.matchAll(/\s([A-Za-z:-]+)(?:="([^"]*)")?/g)].map(
    (m) => [m[1]!, resolved(m[2] ?? '')] as const,
  );
  for (const [name, value] of pairs) {
    if (!ATTRIBUTES.test(name)) throw new Error(`an attribute that no page has: ${name}`);
    if (name === 'href' && !/^(?:#[\w-]+|data:,)$/.test(value)) throw new Error(`a link out of the page: ${value}`);
    if (/url\((?!#)/i.test(value)) throw new Error(`something to fetch: ${value}`);
  }
  return Object.fromEntries(pairs);
}

const ENTITIES: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', '#39': "'" };

function resolved(text: string): string {
  return text.replace(/&(amp|lt|gt|quot|#39);/g, (_, name: string) => ENTITIES[name]!);
}

/** An element itself and all below it that are called so. */
export function elements(element: PageElement, name: string): PageElement[] {
  return [...(element.name === name ? [element] : []), ...element.children.flatMap((child) => elements(child, name))];
}

/** All text of an element and below it. */
export function textIn(element: PageElement): string {
  return element.name === '#text' ? element.text : element.children.map(textIn).join('');
}
