import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const HERE = import.meta.dirname;
const read = (file: string) => readFileSync(join(HERE, file), 'utf8');

/** Source files of the services, relative to this folder. */
const sources = readdirSync(HERE, { recursive: true, encoding: 'utf8' }).filter(
  (file) => file.endsWith('.ts') && !/\.(test|bench)\.ts$/.test(file) && !file.startsWith('testing/'),
);
const imports = sources.flatMap((file) =>
  [...read(file).matchAll(/from '([^']+)';$/gm)].map(([, name]) => ({ file, name: name! })),
);

test('the services know nothing of the harness, nor of their tests', () => {
  const depth = (file: string) => file.split('/').length - 1;
  const outside = imports.filter(({ file, name }) => {
    const up = name.split('/').filter((part) => part === '..').length;
    return up > depth(file) || name.includes('/testing/');
  });
  expect(sources.length).toBeGreaterThan(15);
  expect(outside).toEqual([]);
});
