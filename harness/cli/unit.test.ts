import { describe, expect, it } from 'vitest';
import { HarnessError } from '../core/errors.ts';
import { failingScenario, inconclusiveScenario, passingScenario, sampleResult } from '../result/testing/sample.ts';
import type { Result, ScenarioResult } from '../result/types.ts';
import { coloursIn, drawsIn, widthOf } from './context.ts';
import { exitCodeOf } from './exit-code.ts';
import { printError } from './print-error.ts';

const error = (code: string) => ({ code, message: 'm', hint: 'h' });

function result(verdict: Result['verdict'], scenarios: ScenarioResult[], code?: string): Result {
  return { ...sampleResult(), verdict, scenarios, ...(code ? { error: error(code) } : {}) };
}

describe('the exit code', () => {
  const [pass, fail, unclear] = [passingScenario(), failingScenario(), inconclusiveScenario()];
  const broken = { ...inconclusiveScenario(), error: error('PORT_TAKEN') };
  const stopped = { ...inconclusiveScenario(), error: error('INTERRUPTED') };
  const cases: [string, Result, number][] = [
    ['pass', result('pass', [pass]), 0],
    ['fail', result('fail', [pass, fail]), 1],
    ['inconclusive', result('inconclusive', [pass, unclear]), 3],
    ['an error', result('inconclusive', [pass, broken]), 4],
    ['an error of the run', result('inconclusive', [pass], 'CHILD_DIED'), 4],
    ['an error beside a verdict that says pass', result('pass', [pass], 'CHILD_DIED'), 4],
    ['a fail before an error', result('fail', [broken, fail]), 1],
    ['an error before inconclusive', result('inconclusive', [unclear, broken]), 4],
    ['interrupted before everything', result('fail', [fail], 'INTERRUPTED'), 130],
    ['interrupted in a scenario', result('inconclusive', [stopped]), 130],
    ['nothing was run', result('pass', []), 3],
    ['a suite that says pass over one that is not', result('pass', [unclear]), 3],
    ['a suite that says inconclusive over passes', result('inconclusive', [pass]), 3],
  ];
  it.each(cases)('%s', (_, value, code) => {
    expect(exitCodeOf(value)).toBe(code);
  });
});

describe('the terminal', () => {
  const tty = { isTTY: true, columns: 120, write: () => {} };
  const pipe = { write: () => {} };

  it.each([
    [tty, {}, true],
    [pipe, {}, false],
    [tty, { CI: 'true' }, false],
    [tty, { CI: 'false' }, true],
    [tty, { TERM: 'dumb' }, false],
  ])('is drawn in: %o %o %s', (output, env, expected) => {
    expect(drawsIn(output, env)).toBe(expected);
  });

  it.each([
    [tty, {}, true],
    [pipe, {}, false],
    [tty, { NO_COLOR: '1' }, false],
    [tty, { NO_COLOR: '' }, true],
    [pipe, { FORCE_COLOR: '1' }, true],
    [tty, { FORCE_COLOR: '0' }, false],
    [pipe, { FORCE_COLOR: '1', NO_COLOR: '1' }, false],
    [tty, { TERM: 'dumb' }, false],
  ])('is coloured: %o %o %s', (output, env, expected) => {
    expect(coloursIn(output, env)).toBe(expected);
  });

  it('has its own width, and 80 columns elsewhere', () => {
    expect([widthOf(tty), widthOf(pipe), widthOf({ ...pipe, columns: 200 })]).toEqual([120, 80, 80]);
  });
});

describe('an error', () => {
  function print(value: unknown, env = {}): [string, number] {
    let text = '';
    const code = printError(value, { write: (chunk) => (text = text + chunk) }, env);
    return [text, code];
  }

  it('is a code, a message, and a hint; further lines are indented', () => {
    const value = new HarnessError('PORT_TAKEN', 'port 1 is taken\nby:\n  pid 7', { hint: 'end it' });
    expect(print(value)).toEqual(['error PORT_TAKEN: port 1 is taken\n  by:\n    pid 7\n  hint: end it\n', 4]);
  });

  it('moves no cursor, whatever is in it', () => {
    const [text] = print(new HarnessError('X', 'a\u001b[2Jb\rc\n\u0007d', { hint: '\u001b]0;title\u0007e' }));
    expect(text).toBe('error X: ab c\n  d\n  hint: e\n');
  });

  it.each([new TypeError('boom'), 'boom'])('of our own has no stack: %s', (value) => {
    const [text, code] = print(value);
    expect(text).toMatch(/^error INTERNAL: boom\n {2}hint: .*\n$/);
    expect(code).toBe(4);
    expect(print(value, { MESHPROOF_DEBUG: '1' })[0].length).toBeGreaterThan(text.length);
  });
});
