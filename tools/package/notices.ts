import { globSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Licences that permit to pass a package on with its notice. */
const PERMISSIVE = new Set([
  '0BSD',
  'Apache-2.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'BlueOak-1.0.0',
  'ISC',
  'MIT',
  'Unlicense',
]);
/** Where a compiled file says what it is made of: a comment above each module, or the name of a CommonJS module. */
const MODULE = /(?:^ *\/\/ |^ *")((?:node_modules\/(?:@[^/"\n]+\/)?[^/"\n]+\/)+)/gm;
/** Packages that came to us within another one's file. */
const WITHIN: Record<string, string[]> = { 'node_modules/echarts': ['node_modules/zrender'] };
/** In packages without a licence file. */
const NO_TEXT = '(The package has no file with the text of its licence.)';

/** The folders of the packages that are in compiled files, sorted. */
export function packagesIn(compiled: string): string[] {
  const found = new Set<string>();
  for (const file of globSync('**/*.{js,mjs}', { cwd: compiled })) {
    for (const [, path] of readFileSync(join(compiled, file), 'utf8').matchAll(MODULE)) {
      found.add(path!.slice(0, -1));
    }
  }
  return [...found].sort();
}

/**
 * Name, version, licence and notices of each package, as their licences want it when they are passed on.
 * @throws Error when a package's licence is none of those that permit it
 */
export function notices(root: string, packages: readonly string[]): string {
  const all = packages
    .flatMap((folder) => [folder, ...(WITHIN[folder] ?? [])])
    .map((folder) => {
      const manifest = JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8'));
      const { name, version } = manifest;
      const license = licenceOf(manifest);
      if (!permits(license)) throw new Error(`${name} ${version} is under ${license}: is passing it on permitted?`);
      const texts = noticeFiles(join(root, folder)).map((file) => readFileSync(file, 'utf8').trim());
      return { title: `${name} ${version} (${license})`, text: texts.join('\n\n') || NO_TEXT };
    });
  const parts = [...Map.groupBy(all, ({ text }) => text)].map(([text, those]) => {
    const titles = [...new Set(those.map(({ title }) => title))];
    return `${titles.join('\n')}\n\n${text}\n`;
  });
  return [`meshproof contains these packages.\n`, ...parts].join(`\n${'-'.repeat(80)}\n\n`);
}

/** Files, and all files of folders, that are named like a licence or a notice. */
function noticeFiles(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter(({ name }) => /^(?:licen[cs]es?|notice|copying)\b(?!.*\.[cm]?[jt]s$)/i.test(name))
    .flatMap((entry) => {
      const path = join(folder, entry.name);
      return entry.isDirectory() ? readdirSync(path).map((name) => join(path, name)) : [path];
    })
    .sort();
}

/** As SPDX has it; older packages have an object or a list. */
function licenceOf({
  license,
  licenses,
}: {
  license?: string | { type: string };
  licenses?: { type: string }[];
}): string {
  if (licenses) return licenses.map(({ type }) => type).join(' OR ');
  return (typeof license === 'object' ? license.type : license) ?? 'no licence that it names';
}

/** SPDX: of alternatives one will do. */
function permits(license: string): boolean {
  return license
    .replace(/[()]/g, '')
    .split(' OR ')
    .some((one) => one.split(' AND ').every((each) => PERMISSIVE.has(each)));
}
