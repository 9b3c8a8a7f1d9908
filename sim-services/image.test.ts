import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const HERE = import.meta.dirname;
const read = (file: string) => readFileSync(join(HERE, file), 'utf8');

/** Source files of the image, relative to this folder. */
const sources = readdirSync(HERE, { recursive: true, encoding: 'utf8' }).filter(
  (file) => file.endsWith('.ts') && !/\.(test|bench)\.ts$/.test(file) && !file.startsWith('testing/'),
);
const imports = sources.flatMap((file) =>
  [...read(file).matchAll(/from '([^']+)';$/gm)].map(([, name]) => ({ file, name: name! })),
);

test('the image installs the packages that the code imports, no others', () => {
  const packages = imports.map(({ name }) => name).filter((name) => !/^(\.|node:)/.test(name));
  const declared = JSON.parse(read('package.json')).dependencies;
  expect([...new Set(packages)].sort()).toEqual(Object.keys(declared).sort());
});

test('the image installs the versions that are tested here', () => {
  const own = JSON.parse(read('package-lock.json')).packages as Record<string, { version: string; integrity: string }>;
  const all = JSON.parse(read('../package-lock.json')).packages as typeof own;
  const names = Object.keys(own).filter((name) => name !== '');
  expect(names.length).toBeGreaterThan(4);
  const pick = (from: typeof own) => names.map((name) => [name, from[name]?.version, from[name]?.integrity]);
  expect(pick(own)).toEqual(pick(all));
});

test('the image has every folder that the code is in', () => {
  const folders = new Set(sources.filter((file) => file.includes('/')).map((file) => file.split('/')[0]));
  const copied = [...read('Dockerfile').matchAll(/^COPY (\w+) \.\/\1$/gm)].map(([, folder]) => folder);
  expect(copied.sort()).toEqual([...folders].sort());
});

test('the services know nothing of the harness, nor of their tests', () => {
  const depth = (file: string) => file.split('/').length - 1;
  const outside = imports.filter(({ file, name }) => {
    const up = name.split('/').filter((part) => part === '..').length;
    return up > depth(file) || name.includes('/testing/');
  });
  expect(sources.length).toBeGreaterThan(15);
  expect(outside).toEqual([]);
});
