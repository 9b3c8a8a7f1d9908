import { describe, expect, test } from 'vitest';
import { checkImports } from './check.ts';
import { CONFINED, PARTS } from './rules.ts';
import { importsOf } from './scan.ts';

const packages = { production: new Set(['zod', 'undici', 'execa']), development: new Set(['vitest']) };
const breachesOf = (path: string, text: string) => checkImports([{ path, text }], packages);
const importing = (specifier: string) => `import { x } from '${specifier}';\n`;

// Each: a file, a forbidden import in it, words of the complaint.
test.each([
  ['harness/core/x.ts', '../scenario/model.ts', 'harness/core/ must not import harness/scenario/model.ts'],
  ['harness/core/x.ts', '../../sim-services/contract.ts', 'must not import sim-services/contract.ts'],
  ['sim-services/contract.ts', './clock.ts', 'must not import sim-services/clock.ts'],
  ['sim-services/server/x.ts', '../../harness/core/errors.ts', 'must not import harness/core/errors.ts'],
  ['harness/scenario/x.ts', '../mesh/contract.ts', 'must not import harness/mesh/contract.ts'],
  ['harness/mesh/proxy/x.ts', '../../ledger/types.ts', 'must not import harness/ledger/types.ts'],
  ['harness/mesh/x.ts', '../../sim-services/clock.ts', 'must not import sim-services/clock.ts'],
  ['harness/load/x.ts', '../environment/contract.ts', 'must not import harness/environment/contract.ts'],
  ['harness/prometheus/x.ts', '../ledger/types.ts', 'must not import harness/ledger/types.ts'],
  ['harness/environment/local/x.ts', '../../load/run.ts', 'must not import harness/load/run.ts'],
  ['harness/ledger/x.ts', '../environment/local/provider.ts', 'must not import harness/environment/local/provider.ts'],
  ['harness/verdict/x.ts', '../prometheus/client.ts', 'must not import harness/prometheus/client.ts'],
  ['harness/verdict/x.ts', 'node:fs/promises', 'a verdict does no I/O'],
  ['harness/verdict/x.ts', 'undici', 'a verdict does no I/O'],
  ['harness/report/x.ts', '../verdict/judge.ts', 'must not import harness/verdict/judge.ts'],
  ['harness/result/x.ts', '../report/x.ts', 'must not import harness/report/x.ts'],
  ['harness/tools/x.ts', '../environment/contract.ts', 'must not import harness/environment/contract.ts'],
  ['harness/run.ts', './cli/main.ts', 'must not import harness/cli/main.ts'],
  ['harness/run/x.ts', '../cli/main.ts', 'must not import harness/cli/main.ts'],
  ['harness/tools/x.ts', 'node:child_process', 'node:child_process is confined to harness/core/'],
  ['harness/load/x.ts', 'execa', 'execa is confined to harness/core/'],
  ['harness/mesh/x.ts', '@kubernetes/client-node', '@kubernetes/client-node is confined to harness/environment/'],
  ['harness/mesh/x.ts', 'testcontainers/build', 'testcontainers is confined to harness/tools/, harness/environment/'],
  ['harness/mesh/x.ts', 'left-pad', 'left-pad is not among the packages'],
  ['harness/mesh/x.ts', 'vitest', 'vitest is not among the packages'],
  ['harness/newcomer/x.ts', 'zod', 'no rule covers this file'],
])('%s must not import %s', (file, specifier, complaint) => {
  const [breach, ...more] = breachesOf(file, importing(specifier)).filter((b) => b.includes(complaint));
  expect(breach).toMatch(new RegExp(`^${file}:1: `));
  expect(more).toEqual([]);
});

test.each([
  ['harness/core/wait.ts', './errors.ts'],
  ['harness/core/process.ts', 'node:child_process'],
  ['harness/environment/local/x.ts', '../../mesh/contract.ts'],
  ['harness/ledger/x.ts', '../prometheus/client.ts'],
  ['harness/ledger/x.ts', '../environment/contract.ts'],
  ['harness/verdict/x.ts', '../ledger/types.ts'],
  ['harness/mesh/testing/x.ts', '../../prometheus/server.ts'],
  ['harness/mesh/x.test.ts', 'vitest'],
  ['harness/cli/main.ts', '../run.ts'],
  ['harness/run.ts', './environment/index.ts'],
  ['sim-services/server/x.ts', '../contract.ts'],
])('%s may import %s', (file, specifier) => {
  expect(breachesOf(file, importing(specifier))).toEqual([]);
});

test('process.exit is for the command line', () => {
  const text = '// process.exit(1) would be wrong\n\nprocess.exit(1);\n';
  expect(breachesOf('harness/run.ts', text)).toEqual([
    expect.stringMatching(/^harness\/run\.ts:3: process\.exit belongs to/),
  ]);
  expect(breachesOf('harness/cli/main.ts', text)).toEqual([]);
});

test('every part and every confinement has an example above that breaks it', () => {
  // The ones for which there is nothing to break: whoever may import everything, and this folder.
  const free = [
    'harness/cli/',
    'harness/docs/',
    'harness/bench/',
    'tools/',
    'harness/run.test.ts',
    'harness/run.integration.test.ts',
  ];
  for (const { path } of PARTS.filter((part) => !free.includes(part.path))) {
    const file = path.endsWith('/') ? `${path}x.ts` : path;
    const up = '../'.repeat(file.split('/').length - 1);
    expect(breachesOf(file, importing(`${up}harness/cli/main.ts`))).toHaveLength(1);
  }
  for (const name of CONFINED.flatMap((rule) => rule.packages)) {
    expect(breachesOf('harness/load/x.ts', importing(name)).join()).toContain(`${name} is confined to`);
  }
});

describe('what counts as an import', () => {
  test.each([
    ["import a from 'x';", 'x'],
    ["import type { A } from 'x';", 'x'],
    ["import {\n  a,\n  b,\n} from 'x';", 'x'],
    ["import a, { b } from 'x';", 'x'],
    ["import * as a from 'x';", 'x'],
    ["import 'x';", 'x'],
    ["export { a } from 'x';", 'x'],
    ["export * from 'x';", 'x'],
    ["export type * from 'x';", 'x'],
    ["const a = await import('x');", 'x'],
    ["type A = import('x').A;", 'x'],
    ["const a = require('x');", 'x'],
    ['import a from "x";', 'x'],
  ])('%s', (text, specifier) => {
    expect(importsOf(text).map((i) => i.specifier)).toEqual([specifier]);
  });

  test.each([
    "export const from = 'x';",
    "export function f() {\n  return g('x');\n}",
    "// import('x')",
    "/**\n * import('x') is not used here\n */",
    'const text = "said from \'x\'";',
    'const path = import.meta.url;',
  ])('not: %s', (text) => {
    expect(importsOf(text)).toEqual([]);
  });

  test('lines', () => {
    const text = "// first\nimport a from 'a';\nimport {\n  b,\n} from 'b';\n\nexport const c = () => import('c');\n";
    expect(importsOf(text)).toEqual([
      { specifier: 'a', line: 2 },
      { specifier: 'b', line: 3 },
      { specifier: 'c', line: 7 },
    ]);
  });

  test('a computed target can’t be checked, so it is refused', () => {
    expect(breachesOf('harness/load/x.ts', 'const a = await import(name);')).toEqual([
      'harness/load/x.ts: line 1: the target of this import is computed',
    ]);
  });
});
