import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ROOT, read } from '../files.ts';
import { INTERNAL, VARIABLES } from './environment.ts';
import { errorCodes } from './error-codes.ts';
import { allErrorCodes } from './errors.ts';
import { referencePages } from './index.ts';
import { NO_REASONS, REASONS } from './reasons.ts';
import { argumentsAt, literal, sources } from './scan.ts';
import { scenarioReference } from './scenario.ts';

const CODES = /(['"])([A-Z][A-Z0-9]+(?:_[A-Z0-9]+)+)\1/g;
const product = sources('harness/', 'sim-services/').filter(({ path }) => !path.startsWith('harness/docs/'));

// After a change: npm run docs -- --reference
it.each([...referencePages()])('%s is as the code makes it', (path, text) => {
  expect(existsSync(join(ROOT, path)) && read(path)).toBe(text);
});

describe('the errors', () => {
  const found = new Map(allErrorCodes().map((one) => [one.code, one]));

  it('are found in all of the code, with message, hint and exit code', () => {
    expect(found.size).toBeGreaterThan(120);
    expect(found.get('INVALID_SCENARIO')).toMatchObject({
      exits: ['invalidInput'],
      hints: [expect.stringContaining('docs/scenarios.md')],
    });
    expect(found.get('CLUSTER_EXISTS')?.messages[0]).toMatch(/^kind create cluster failed: \.\.\./);
    expect(found.get('USAGE_NOT_READ')).toBeDefined();
    expect(found.get('JOURNAL_LOST')?.path).toMatch(/^sim-services\//);
  });

  it('are all there: what is thrown by its code is in the list', () => {
    const thrown = product.flatMap(({ text }) =>
      [...text.matchAll(/@throws (?:HarnessError )?([A-Z][A-Z0-9]+(?:_[A-Z0-9]+)+)/g)].map((m) => m[1]!),
    );
    expect(thrown.length).toBeGreaterThan(50);
    expect([...new Set(thrown)].filter((code) => !found.has(code))).toEqual([]);
  });

  it('are read from a call as it is written', () => {
    const text = `
      class MyError extends HarnessError { constructor() { super('OWN', \`is \${x.map((y) => \`\${y}\`)} bad\`, { hint: "it's so" }); } }
      throw new HarnessError(taken ? 'TAKEN' : 'FREE', why(), { hint: a ? 'this' : 'that', exitCode: EXIT.invalidInput, cause });`;
    expect(errorCodes([{ path: 'harness/x.ts', text }])).toEqual([
      { code: 'OWN', path: 'harness/x.ts', messages: ['is ... bad'], hints: ["it's so"], exits: ['environment'] },
      { code: 'TAKEN', path: 'harness/x.ts', messages: [], hints: ['this', 'that'], exits: ['invalidInput'] },
      { code: 'FREE', path: 'harness/x.ts', messages: [], hints: ['this', 'that'], exits: ['invalidInput'] },
    ]);
    expect(argumentsAt("f('a, (b', [c, d], // e, f\n g)", 1)).toEqual(["'a, (b'", '[c, d]', '// e, f\n g']);
    expect(literal("'a' + 'b'")).toBeNull();
  });
});

it('the reasons of a verdict are those that the judge gives', () => {
  const judge = sources('harness/verdict/').flatMap(({ text }) => [...text.matchAll(CODES)].map((m) => m[2]!));
  const errors = new Set(allErrorCodes().map(({ code }) => code));
  const reasons = [...new Set(judge)].filter((code) => !NO_REASONS.includes(code) && !errors.has(code));
  expect(reasons.toSorted()).toEqual(Object.keys(REASONS).toSorted());
});

it('the environment variables are those that the code reads', () => {
  const text = [...product, ...sources('tools/')].map((file) => file.text).join('\n') + read('Makefile');
  const all = Object.values(VARIABLES).flat();
  const listed = all.map(({ name }) => name);
  const readHere = all.filter(({ by }) => by === undefined).map(({ name }) => name);
  const ours = new Set(text.match(/\bMESHPROOF_[A-Z0-9_]*[A-Z0-9]\b/g));
  expect([...ours].filter((name) => !listed.includes(name) && !INTERNAL.includes(name))).toEqual([]);
  expect([...readHere, ...INTERNAL].filter((name) => !new RegExp(`\\b${name}\\b`).test(text))).toEqual([]);
});

describe('the fields of a scenario', () => {
  it('have a link and a section for each object', () => {
    const text = scenarioReference({
      type: 'object',
      required: ['a'],
      properties: {
        a: {
          oneOf: [
            {
              description: 'X.',
              properties: { kind: { const: 'x' }, n: { type: 'integer', minimum: 1, maximum: 3, default: 2 } },
            },
            { properties: { kind: { const: 'y' } } },
          ],
        },
        b: { $ref: '#/$defs/B' },
      },
      $defs: { B: { anyOf: [{ type: 'string' }, { properties: { c: { enum: ['d', 'e'] } } }] } },
    });
    expect(text).toContain('| `a` | [object](#a) |');
    expect(text).toContain('| `b`? | [B](#b) |');
    expect(text).toContain('| `x` | X. | `n`? |');
    expect(text).toContain('| `n`? | integer from 1 to 3 | `2` |  | `x` |');
    expect(text).toContain('String, or an object.');
    expect(text).toContain('| `c`? | `d`, `e` |');
  });
});
