/** A page taken apart without losing a character, for comparisons of layout. */

/** A series: the lines of a histogram together, of anything else one. */
export interface RawBlock {
  /** Everything before the values, line by line. */
  lines: string[];
  values: string[];
}

export interface RawFamily {
  name: string;
  /** HELP, TYPE and UNIT lines as printed. */
  header: string[];
  /** By their first line. */
  blocks: Map<string, RawBlock>;
}

export interface RawPage {
  families: RawFamily[];
  tail: string;
}

/** Splits a page of the proxy; throws on anything that is neither a header nor a sample in its family. */
export function rawPage(text: string): RawPage {
  const families: RawFamily[] = [];
  const lines = text.split('\n');
  let block: RawBlock | null = null;
  let previous = '';
  for (const [i, line] of lines.entries()) {
    if (line === '# EOF') return { families, tail: lines.slice(i).join('\n') };
    if (line.startsWith('# HELP '))
      families.push({ name: line.split(' ')[2] as string, header: [], blocks: new Map() });
    const family = families.at(-1);
    if (family === undefined) throw new Error(`line ${i + 1} stands before the first family`);
    if (line.startsWith('#')) {
      family.header.push(line);
      block = null;
      continue;
    }
    const at = line.lastIndexOf(' ');
    const prefix = line.slice(0, at);
    if (!prefix.startsWith(family.name)) throw new Error(`line ${i + 1} is not of family ${family.name}: ${prefix}`);
    const series = seriesOf(prefix);
    if (block === null || series !== previous) {
      block = { lines: [], values: [] };
      if (family.blocks.has(prefix)) throw new Error(`line ${i + 1} repeats ${prefix}`);
      family.blocks.set(prefix, block);
      previous = series;
    }
    block.lines.push(prefix);
    block.values.push(line.slice(at + 1));
  }
  throw new Error('no # EOF');
}

/** A line's labels without `le`, and its name only when it is not of a histogram. */
function seriesOf(prefix: string): string {
  const brace = prefix.indexOf('{');
  const name = brace < 0 ? prefix : prefix.slice(0, brace);
  const labels = brace < 0 ? '' : prefix.slice(brace + 1, -1);
  const histogram = /_(bucket|sum|count)$/.test(name);
  const rest = labels.replace(/(^|,)le="[^"]*"/, '').replace(/^,/, '');
  return histogram ? rest : `${name} ${rest}`;
}
