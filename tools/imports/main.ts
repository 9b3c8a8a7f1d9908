/** Checks the import rules over the repository; prints each breach and exits 1 when there is one. */
import { globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { checkImports } from './check.ts';
import { COMPILED_IN } from './rules.ts';
import { importsOf } from './scan.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const manifest = JSON.parse(readFileSync(`${root}package.json`, 'utf8'));

const sources = ['harness', 'sim-services', 'tools']
  .flatMap((folder) => globSync(`${folder}/**/*.ts`, { cwd: root }))
  .map((path) => path.replaceAll('\\', '/'))
  // The examples of its own test are breaches.
  .filter((path) => path !== 'tools/imports/check.test.ts')
  .sort()
  .map((path) => ({ path, text: readFileSync(root + path, 'utf8') }));
const breaches = checkImports(sources, {
  production: new Set(COMPILED_IN),
  development: new Set(Object.keys(manifest.devDependencies)),
});

for (const breach of breaches) console.error(breach);
const seen = sources.reduce(
  (sum, { path, text }) => sum + (breaches.some((b) => b.startsWith(`${path}:`)) ? 1 : importsOf(text).length),
  0,
);
console.log(`import rules: ${sources.length} files, ${seen} imports, ${breaches.length} breaches`);
// A check that saw nothing has not checked anything.
if (breaches.length > 0 || seen === 0) process.exitCode = 1;
