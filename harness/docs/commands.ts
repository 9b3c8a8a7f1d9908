import { read } from './files.ts';
import { fences, prose } from './markdown.ts';

/** A command of meshproof as it stands in a document. */
export interface DocumentedCommand {
  file: string;
  line: number;
  /** What follows `meshproof`. */
  words: string[];
  /** In a sentence, where arguments may be left out. */
  inline: boolean;
}

const LINE = /^\s*(?:- )?(?:run: )?(?:\$ )?(?:\S*bin\/|npx (?:--yes )?|npx --no-install )?meshproof ([a-z-].*)$/;
const INLINE = /`(?:\$ )?(?:bin\/|npx )?meshproof ([a-z-][^`]*)`/g;

/** Every command of a document: in its blocks, fenced or indented, and within its sentences. Of other files: their lines. */
export function commandsIn(file: string, text = read(file)): DocumentedCommand[] {
  const command = (line: number, rest: string, inline = false) => ({ file, line, words: wordsOf(rest), inline });
  const ofLines = (lines: readonly string[], first: number) =>
    linesWithCommands(lines).map(({ at, rest }) => command(first + at, rest));
  // A line of usage is no command: `[options]`.
  const typed = (found: DocumentedCommand[]) => found.filter(({ words }) => !words.includes('[options]'));
  if (!file.endsWith('.md')) return ofLines(text.split('\n'), 1);

  const fenced = fences(text).flatMap(({ body, line, info }) => {
    const lines = info === 'console' ? withoutOutputs(body) : body;
    return ofLines(lines.split('\n'), line);
  });
  const rest = text.split('\n').map(() => '');
  for (const { number, text: line } of prose(text)) rest[number - 1] = line;
  const isIndented = (line: string) => /^ {4,}\S/.test(line);
  const indented = ofLines(
    rest.map((line) => (isIndented(line) ? line : '')),
    1,
  );
  const inline = rest.flatMap((line, i) =>
    isIndented(line) ? [] : [...line.matchAll(INLINE)].map((match) => command(i + 1, match[1]!, true)),
  );
  return typed([...fenced, ...indented, ...inline]);
}

function linesWithCommands(lines: readonly string[]): { at: number; rest: string }[] {
  return lines.flatMap((_, at) => {
    const match = lines[at - 1]?.endsWith('\\') ? null : LINE.exec(continued(lines, at));
    return match ? [{ at, rest: match[1]! }] : [];
  });
}

/** A block of console with empty lines in place of what commands print. */
function withoutOutputs(body: string): string {
  const lines = body.split('\n');
  const typed = lines.map((line, i) => line.startsWith('$ ') || (lines[i - 1]?.endsWith('\\') ?? false));
  return lines.map((line, i) => (typed[i] ? line : '')).join('\n');
}

/** The line with those that a `\` at its end continues. */
function continued(lines: readonly string[], from: number): string {
  let whole = lines[from]!;
  for (let i = from + 1; whole.endsWith('\\') && i < lines.length; i++)
    whole = `${whole.slice(0, -1)} ${lines[i]!.trim()}`;
  return whole;
}

/** The words of a command line, without comments, remarks in parentheses, and where its output goes. */
export function wordsOf(rest: string): string[] {
  const plain = rest
    .replace(/\s+#.*$/, '')
    .replace(/\s+\(.*\)$/, '')
    .replace(/ (?:[>|]|&&|2>).*$/, '');
  return [...plain.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)].map((match) => match[1] ?? match[2] ?? match[3]!);
}
