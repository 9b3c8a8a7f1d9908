import { describe, HarnessError } from './errors.ts';

export interface ParsedFamily {
  /** As HELP and TYPE name it: the registry's counters have no `_total` here. */
  name: string;
  /** `counter`, `gauge`, `histogram`, `summary` or `untyped`. */
  type: string;
  help: string;
  unit: string | null;
}

export interface ParsedSample {
  name: string;
  /** In the order of the page. */
  labels: Record<string, string>;
  value: number;
}

export interface ParsedPage {
  /** In the order of the page. */
  families: ParsedFamily[];
  samples: ParsedSample[];
  /** Whether the last line is `# EOF`. */
  hasEof: boolean;
}

const NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;
const LABEL_NAME = /^[a-zA-Z_][a-zA-Z0-9_]*$/;
const NUMBER = /^[-+]?(?:\d+\.?\d*(?:[eE][-+]?\d+)?|\.\d+(?:[eE][-+]?\d+)?)$/;
const TIMESTAMP = /^-?\d+$/;
const TYPES = new Set(['counter', 'gauge', 'histogram', 'summary', 'untyped']);
const QUOTE = 34;
const BACKSLASH = 92;
/** Names repeat on a page; each is checked once a process. */
const knownNames = new Set<string>();
const knownLabelNames = new Set<string>();

/**
 * Parses a page in Prometheus' text format 0.0.4; `# UNIT` and `# EOF` of OpenMetrics, comments to Prometheus, are read
 * too. Strict: a page that was cut off, a line after `# EOF`, or one that is no sample is an error with its line.
 * @throws HarnessError BAD_PAGE
 */
export function parsePage(text: string): ParsedPage {
  const families = new Map<string, ParsedFamily>();
  const typed = new Set<string>();
  const samples: ParsedSample[] = [];
  let hasEof = false;
  let lineNumber = 0;
  let at = 0;
  try {
    while (at < text.length) {
      lineNumber++;
      const end = text.indexOf('\n', at);
      if (end < 0) throw new Error('the page is cut off: its last line has no end');
      const line = text.slice(at, end);
      at = end + 1;
      if (line === '') continue;
      if (hasEof) throw new Error('text after # EOF');
      if (line === '# EOF') hasEof = true;
      else if (line.charCodeAt(0) === 35) parseComment(line, families, typed);
      else samples.push(parseSample(line));
    }
  } catch (error) {
    throw new HarnessError('BAD_PAGE', `line ${lineNumber}: ${describe(error)}`, {
      hint: 'fetch the page by hand and look at that line; Prometheus refuses such a page as a whole',
      cause: error,
    });
  }
  return { families: [...families.values()], samples, hasEof };
}

function parseComment(line: string, families: Map<string, ParsedFamily>, typed: Set<string>): void {
  const match = /^# (HELP|TYPE|UNIT) (\S+)(?: (.*))?$/.exec(line);
  if (match === null) return;
  const [, keyword, name, rest = ''] = match as unknown as [string, string, string, string | undefined];
  checkName(name);
  let family = families.get(name);
  if (family === undefined) {
    family = { name, type: 'untyped', help: '', unit: null };
    families.set(name, family);
  }
  if (keyword === 'HELP') {
    family.help = rest.replace(/\\[\\n]/g, (pair) => (pair === '\\n' ? '\n' : '\\'));
  } else if (keyword === 'UNIT') {
    family.unit = rest;
  } else {
    if (!TYPES.has(rest)) throw new Error(`unknown type "${rest}" of ${name}`);
    if (typed.has(name)) throw new Error(`a second TYPE of ${name}`);
    typed.add(name);
    family.type = rest;
  }
}

function parseSample(line: string): ParsedSample {
  const brace = line.indexOf('{');
  const space = line.indexOf(' ');
  const labels: Record<string, string> = {};
  let name: string;
  let rest: string;
  if (brace >= 0 && (space < 0 || brace < space)) {
    name = line.slice(0, brace);
    rest = line.slice(parseLabels(line, brace + 1, labels));
    if (!rest.startsWith(' ')) throw new Error('no space before the value');
    rest = rest.slice(1);
  } else {
    if (space < 0) throw new Error(`no value in "${line}"`);
    name = line.slice(0, space);
    rest = line.slice(space + 1);
  }
  checkName(name);
  const gap = rest.indexOf(' ');
  if (gap >= 0 && !TIMESTAMP.test(rest.slice(gap + 1))) throw new Error(`bad time stamp in "${rest}"`);
  return { name, labels, value: parseValue(gap >= 0 ? rest.slice(0, gap) : rest) };
}

/** Reads labels from `at` (after the brace) and returns where the closing brace's successor is. */
function parseLabels(line: string, start: number, labels: Record<string, string>): number {
  let at = start;
  while (line[at] !== '}') {
    const equals = line.indexOf('="', at);
    if (equals < 0) throw new Error('labels do not end');
    const name = line.slice(at, equals);
    checkLabelName(name);
    if (Object.hasOwn(labels, name)) throw new Error(`label ${name} stands twice`);
    const from = equals + 2;
    let to = from;
    let escaped = false;
    for (;;) {
      const code = line.charCodeAt(to);
      if (code === QUOTE) break;
      if (Number.isNaN(code)) throw new Error(`value of label ${name} does not end`);
      if (code === BACKSLASH) {
        escaped = true;
        to++;
      }
      to++;
    }
    const raw = line.slice(from, to);
    labels[name] = escaped ? unescapeLabel(raw) : raw;
    at = to + 1;
    if (line[at] === ',') at++;
    else if (line[at] !== '}') throw new Error(`neither a comma nor a brace after label ${name}`);
  }
  return at + 1;
}

function unescapeLabel(raw: string): string {
  return raw.replace(/\\(.?)/gs, (_all, escaped: string) => {
    if (escaped === 'n') return '\n';
    if (escaped === '"' || escaped === '\\') return escaped;
    throw new Error(`unknown escape "\\${escaped}"`);
  });
}

function parseValue(text: string): number {
  if (NUMBER.test(text)) return Number(text);
  if (text === '+Inf' || text === 'Inf' || text === 'inf') return Number.POSITIVE_INFINITY;
  if (text === '-Inf' || text === '-inf') return Number.NEGATIVE_INFINITY;
  if (text === 'NaN') return Number.NaN;
  throw new Error(`bad value "${text}"`);
}

function checkName(name: string): void {
  if (knownNames.has(name)) return;
  if (!NAME.test(name)) throw new Error(`bad metric name "${name}"`);
  knownNames.add(name);
}

function checkLabelName(name: string): void {
  if (knownLabelNames.has(name)) return;
  if (!LABEL_NAME.test(name)) throw new Error(`bad label name "${name}"`);
  knownLabelNames.add(name);
}
