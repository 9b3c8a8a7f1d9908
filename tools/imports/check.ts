import { posix } from 'node:path';
import { CHECKOUT_ONLY, CONFINED, isTestCode, MAY_EXIT, PARTS, PURE } from './rules.ts';
import { importsOf } from './scan.ts';

export interface Source {
  /** From the root of the repository, with slashes. */
  path: string;
  text: string;
}

/** Names of packages. */
export interface Packages {
  /** That programs may use. */
  production: Set<string>;
  /** That are there besides: for tests, tools and benchmarks. */
  development: Set<string>;
}

/** Every breach of the rules, each as one line `file:line: what, and why it is forbidden`. */
export function checkImports(sources: Source[], packages: Packages): string[] {
  return sources.flatMap((source) => [...checkExit(source), ...checkSource(source, packages)]);
}

function checkSource(source: Source, packages: Packages): string[] {
  const part = PARTS.find(({ path }) => covers(path, source.path));
  if (!part) return [`${source.path}:1: no rule covers this file; give its folder one in tools/imports/rules.ts`];
  const may = [...part.may, ...(isTestCode(source.path) ? (part.testsMay ?? []) : [])];
  try {
    return importsOf(source.text).flatMap(({ specifier, line }) => {
      const at = `${source.path}:${line}`;
      if (!specifier.startsWith('.'))
        return checkPackage(source.path, specifier, packages).map((breach) => `${at}: ${breach}`);
      const target = posix.join(posix.dirname(source.path), specifier);
      if (covers(part.path, target) || mayImport(may, target)) return [];
      return [`${at}: ${part.path} must not import ${target}: ${part.why}`];
    });
  } catch (error) {
    return [`${source.path}: ${(error as Error).message}`];
  }
}

function checkPackage(file: string, specifier: string, packages: Packages): string[] {
  const name = specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
  const breaches: string[] = [];
  for (const { packages: confined, to, why } of CONFINED) {
    if (confined.includes(name) && !to.some((path) => covers(path, file))) {
      breaches.push(`${name} is confined to ${to.join(', ')}: ${why}`);
    }
  }
  if (covers(PURE.path, file) && !isTestCode(file) && PURE.banned.test(specifier)) {
    breaches.push(`${specifier} has no place here: ${PURE.why}`);
  }
  if (name.startsWith('node:')) return breaches;
  const mayUseDevelopment = isTestCode(file) || covers('tools/', file) || covers('harness/bench/', file);
  if (CHECKOUT_ONLY.some((entry) => entry.file === file && entry.packages.includes(name))) return breaches;
  if (!packages.production.has(name) && !(mayUseDevelopment && packages.development.has(name))) {
    breaches.push(
      `${name} is not among the packages that this file may use (package.json, COMPILED_IN in tools/imports/rules.ts)`,
    );
  }
  return breaches;
}

function checkExit({ path, text }: Source): string[] {
  if (MAY_EXIT.some((allowed) => covers(allowed, path))) return [];
  return text
    .split('\n')
    .map((line, i) => ({ line, at: `${path}:${i + 1}` }))
    .filter(({ line }) => /\bprocess\s*\.\s*exit\s*\(/.test(line) && !/^\s*(?:\/\/|\/?\*)/.test(line))
    .map(({ at }) => `${at}: process.exit belongs to ${MAY_EXIT.join(', ')}: elsewhere it skips every disposal`);
}

/** The last entry that covers the target decides; `!` forbids. */
function mayImport(list: string[], target: string): boolean {
  const last = list.findLast((entry) => covers(entry.replace(/^!/, ''), target));
  return last !== undefined && !last.startsWith('!');
}

function covers(path: string, file: string): boolean {
  return path.endsWith('/') ? file.startsWith(path) : file === path;
}
