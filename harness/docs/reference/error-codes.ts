import { argumentsAt, literal, type SourceFile } from './scan.ts';

/** One code of an error, with what its places in the code say. */
export interface ErrorCode {
  code: string;
  /** Where it is thrown first. */
  path: string;
  /** `...` stands for what is filled in. */
  messages: string[];
  hints: string[];
  /** Names in EXIT. */
  exits: string[];
}

const CODE = /^[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)*$/;
/** Of a code that is handed over as a variable; it is chosen just above, or by those who call the function. */
const LINES_ABOVE = 4;
const INDIRECT = /(['"])([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)\1/g;

/** Every code that an error of these modules may have. Errors of services come as their own class. */
export function errorCodes(files: readonly SourceFile[]): ErrorCode[] {
  const found = new Map<string, ErrorCode>();
  for (const file of files) for (const call of callsOf(file)) for (const code of call.codes) add(found, code, call);
  return [...found.values()];
}

interface Call {
  path: string;
  codes: string[];
  messages: string[];
  hints: string[];
  exit: string;
}

function callsOf({ path, text }: SourceFile): Call[] {
  const calls: Call[] = [];
  const constructors = /\bextends HarnessError\b/.test(text)
    ? /\b(?:new (?:HarnessError|ServiceFailure)|super)\(/g
    : /\bnew (?:HarnessError|ServiceFailure)\(/g;
  for (const match of text.matchAll(constructors)) {
    const given = argumentsAt(text, match.index + match[0].length - 1);
    if (!given || given.length < 3) continue;
    const [first = '', ...rest] = given;
    const service = match[0].includes('ServiceFailure');
    const [message = '', options = ''] = service ? rest.slice(1) : rest;
    const direct = literals(first).filter((said) => CODE.test(said));
    const codes = direct.length > 0 ? direct : /^\w+$/.test(first) ? indirect(text, match.index) : [];
    calls.push({
      path,
      codes,
      messages: literals(message),
      hints: service ? [] : literals(property(options, 'hint')),
      exit: /\bEXIT\.(\w+)/.exec(property(options, 'exitCode'))?.[1] ?? 'environment',
    });
  }
  return calls;
}

/** The string literals of an expression: one, or those between which a condition chooses. */
function literals(expression: string): string[] {
  const whole = literal(expression);
  if (whole !== null) return [whole];
  const found: string[] = [];
  for (let i = 0; i < expression.length; i++) {
    if (!`'"\``.includes(expression[i]!)) continue;
    for (let end = i + 1; end < expression.length; end++) {
      const said = expression[end] === expression[i] ? literal(expression.slice(i, end + 1)) : null;
      if (said === null) continue;
      found.push(said);
      i = end;
      break;
    }
  }
  return found;
}

function property(object: string, name: string): string {
  if (!object.startsWith('{')) return '';
  const entry = argumentsAt(object, 0)?.find((one) => one.startsWith(`${name}:`));
  return entry?.slice(name.length + 1).trim() ?? '';
}

function indirect(text: string, at: number): string[] {
  const above = text.slice(0, at).split('\n').slice(-LINES_ABOVE).join('\n');
  const codes = (part: string) => [...new Set([...part.matchAll(INDIRECT)].map((match) => match[2]!))];
  const near = codes(above);
  return near.length > 0 ? near : codes(text);
}

function add(found: Map<string, ErrorCode>, code: string, call: Call): void {
  const one = found.get(code) ?? { code, path: call.path, messages: [], hints: [], exits: [] };
  const union = (list: string[], more: string[]) => [
    ...new Set([...list, ...more.filter((text) => /[a-z]{2}/i.test(text))]),
  ];
  found.set(code, {
    ...one,
    messages: union(one.messages, call.messages),
    hints: union(one.hints, call.hints),
    exits: union(one.exits, [call.exit]),
  });
}
