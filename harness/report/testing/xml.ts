/** A strict check that a text is well-formed XML as junit.ts writes it; returns the elements. For tests. */
export interface XmlElement {
  name: string;
  attributes: Record<string, string>;
  children: XmlElement[];
  text: string;
}

const TOKEN = /<\?xml[^?]*\?>|<\/([a-z-]+)>|<([a-z-]+)((?: [a-z]+="[^"<]*")*)(\/?)>|[^<]+/y;
// biome-ignore lint/suspicious/noControlCharactersInRegex: they must not occur
const FORBIDDEN = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]|\p{Surrogate}/u;
const ENTITY = /&(?!(?:amp|lt|gt|quot|apos|#10|#9);)/;

export function parseXml(xml: string): XmlElement {
  if (FORBIDDEN.test(xml)) throw new Error('a character that XML does not allow');
  if (ENTITY.test(xml)) throw new Error('a bare ampersand');
  if (xml.includes(']]>')) throw new Error('a bare ]]>');
  const root: XmlElement = { name: '', attributes: {}, children: [], text: '' };
  const stack = [root];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < xml.length) {
    const at = TOKEN.lastIndex;
    const match = TOKEN.exec(xml);
    if (!match) throw new Error(`not XML at ${at}: ${xml.slice(at, at + 40)}`);
    const top = stack.at(-1)!;
    const [token, closed, opened, attributes = '', empty] = match;
    if (closed) {
      if (top.name !== closed) throw new Error(`</${closed}> closes <${top.name}>`);
      stack.pop();
    } else if (opened) {
      const element: XmlElement = { name: opened, attributes: parseAttributes(attributes), children: [], text: '' };
      top.children.push(element);
      if (!empty) stack.push(element);
    } else if (token.startsWith('<?')) {
      if (at !== 0) throw new Error('a declaration that is not at the start');
    } else {
      if (stack.length === 1 && token.trim() !== '') throw new Error('text outside of the root');
      top.text += unescapeXml(token);
    }
  }
  if (stack.length !== 1 || root.children.length !== 1) throw new Error('not one root element');
  return root.children[0]!;
}

function parseAttributes(text: string): Record<string, string> {
  const pairs = [...text.matchAll(/([a-z]+)="([^"]*)"/g)].map((m) => [m[1]!, unescapeXml(m[2]!)] as const);
  if (new Set(pairs.map(([name]) => name)).size !== pairs.length) throw new Error('an attribute twice');
  return Object.fromEntries(pairs);
}

const ENTITIES: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'", '#10': '\n', '#9': '\t' };

function unescapeXml(text: string): string {
  return text.replace(/&([^;]+);/g, (_, name: string) => ENTITIES[name]!);
}

/** An element itself and all below it that are called so. */
export function all(element: XmlElement, name: string): XmlElement[] {
  return [...(element.name === name ? [element] : []), ...element.children.flatMap((child) => all(child, name))];
}
