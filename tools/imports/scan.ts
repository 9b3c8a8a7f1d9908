/** One import of a file: static, dynamic, re-export or require; types count too. */
export interface Import {
  specifier: string;
  /** 1-based. */
  line: number;
}

// Formatted code begins its imports at the start of a line and quotes with ' (the linter sees to both).
const STATIC = /^(?:import|export)\b(?:[^'";]*?\bfrom)?\s*['"]([^'"]+)['"]/gm;
const CALLED = /\b(?:import|require|createRequire\([^)]*\))\(\s*(?:(['"])([^'"]+)\1)?/g;

/**
 * The imports of a module's text.
 * @throws Error at a dynamic import whose target is computed: what can't be seen can't be checked
 */
export function importsOf(text: string): Import[] {
  const found: Import[] = [];
  for (const match of text.matchAll(STATIC)) found.push({ specifier: match[1] ?? '', line: lineOf(text, match.index) });
  for (const match of text.matchAll(CALLED)) {
    const line = lineOf(text, match.index);
    if (isComment(text, match.index)) continue;
    if (match[2] === undefined) throw new Error(`line ${line}: the target of this import is computed`);
    found.push({ specifier: match[2], line });
  }
  return found.sort((a, b) => a.line - b.line);
}

function lineOf(text: string, index: number): number {
  return text.slice(0, index).split('\n').length;
}

function isComment(text: string, index: number): boolean {
  const line = text.slice(text.lastIndexOf('\n', index) + 1, index);
  return /^\s*(?:\/\/|\/?\*)/.test(line);
}
