import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { notices, packagesIn } from './notices.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'meshproof-test-notices-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

function put(path: string, content: unknown): void {
  const file = join(root, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content));
}

it('finds packages by the comments of modules and the names of CommonJS modules, nested ones too', () => {
  put('dist/a/main.js', '// harness/cli/main.ts\nrun();\n  // node_modules/undici/lib/a.js\n');
  put(
    'dist/b.mjs',
    'var x = __commonJS({\n  "node_modules/@grpc/grpc-js/node_modules/long/index.js"(exports) {}\n});\n',
  );
  put('dist/c.txt', '// node_modules/none/a.js\n');
  expect(packagesIn(join(root, 'dist'))).toEqual([
    'node_modules/@grpc/grpc-js/node_modules/long',
    'node_modules/undici',
  ]);
});

it('has each licence once, above it the packages that are under it, and notices beside it', () => {
  put('node_modules/a/package.json', { name: 'a', version: '1.0.0', license: 'MIT' });
  put('node_modules/a/LICENSE', 'Permission is granted\n');
  put('node_modules/b/package.json', { name: 'b', version: '2.0.0', licenses: [{ type: 'MIT' }, { type: 'GPL-3.0' }] });
  put('node_modules/b/licence.md', 'Permission is granted');
  put('node_modules/c/package.json', { name: 'c', version: '3.0.0', license: '(MIT OR GPL-2.0)' });
  put('node_modules/c/LICENSES/more', 'of a part');
  put('node_modules/c/NOTICE', 'a notice');
  put('node_modules/d/package.json', { name: 'd', version: '4.0.0', license: { type: 'ISC' } });
  put('node_modules/d/license.js', 'code');
  const text = notices(
    root,
    ['a', 'b', 'c', 'd'].map((name) => `node_modules/${name}`),
  );
  expect(text.match(/Permission is granted/g)).toHaveLength(1);
  expect(text).toContain('a 1.0.0 (MIT)\nb 2.0.0 (MIT OR GPL-3.0)\n\nPermission is granted\n');
  expect(text).toContain('c 3.0.0 ((MIT OR GPL-2.0))\n\nof a part\n\na notice\n');
  expect(text).toContain('d 4.0.0 (ISC)\n\n(The package has no file with the text of its licence.)\n');
});

it.each([['GPL-3.0'], ['MIT AND GPL-3.0'], [undefined]])('refuses %s', (license) => {
  put('node_modules/a/package.json', { name: 'a', version: '1.0.0', license });
  expect(() => notices(root, ['node_modules/a'])).toThrow(/^a 1\.0\.0 is under .*: is passing it on permitted\?$/);
});
