import { readFileSync } from 'node:fs';
import { stripVTControlCharacters } from 'node:util';
import { describe, expect, it } from 'vitest';
import { verdictLine } from '../report/faults/summary.ts';
import { displayWidth } from '../report/text.ts';
import { README_FILE } from '../result/publish.ts';
import { renderFaultsMarkdown } from './markdown.ts';
import { readmeWithFaults } from './publish.ts';
import { faultsSchema } from './schema.ts';
import { scoreOf } from './score.ts';
import { renderFaultsTerminal } from './terminal.ts';
import { sampleRecord, sampleWorld } from './testing/samples.ts';

const shown = (width = 80, color = false) => renderFaultsTerminal(sampleRecord(), { width, color });

describe('terminal', () => {
  it('shows fault by fault what was injected, what was diagnosed, and whether that is right', () => {
    const lines = shown().split('\n');
    const from = lines.findIndex((line) => line.startsWith('RESULT'));
    expect(lines.slice(from, from + 9)).toEqual([
      'RESULT  WORLD               DIAGNOSED                              AFTER   OF IT',
      'right   admin-port-renamed  admin-port-renamed                     9.3 s  310 ms',
      '        admin-port-renamed shop/cart 0, name: metrics',
      'WRONG   admin-refused       nothing                                7.1 s  310 ms',
      '        admin-refused shop/web 0, at 2s',
      'right   pair-1              admin-port-renamed, admin-port-refus…  9.3 s  310 ms',
      '        admin-port-renamed shop/cart 0, name: metrics; admin-refused shop/web 0…',
      'error   clean-2             CHILD_DIED                                 -       -',
      '',
    ]);
  });

  it('says of what is wrong why', () => {
    expect(shown()).toContain(
      'admin-refused: wrong, 0 causes named\n' +
        '  injected  admin-refused shop/web 0, at 2s\n' +
        '  expected  admin-port-refused: shop/web-0\n' +
        '  why       admin-port-refused was not named\n',
    );
  });

  it('ends with the score and the verdict', () => {
    expect(shown().trimEnd().split('\n').slice(-7)).toEqual([
      'faults 1 of 2 right: the cause and its pods, and nothing else',
      'clean 1 of 2 (1 error) right: no diagnosis',
      'pairs both named in 1 of 1; something wrong named in 0',
      'time from a fault to its diagnosis 7.1 s (longest 9.3 s); the diagnosing itself',
      '310 ms (longest 310 ms)',
      '',
      'FAIL: 1 of 5 worlds wrong, 1 error, in 48.2 s',
    ]);
  });

  it('fits the width, with colour or without', () => {
    for (const width of [40, 60, 80, 120]) {
      for (const line of shown(width).split('\n')) expect(displayWidth(line), line).toBeLessThanOrEqual(width);
      expect(stripVTControlCharacters(shown(width, true))).toBe(shown(width));
    }
    expect(shown(80)).not.toContain('\u001b');
  });
});

describe('the record', () => {
  it('is as its schema says, in all kinds of worlds', () => {
    expect(faultsSchema.parse(sampleRecord())).toEqual(sampleRecord());
    expect(faultsSchema.safeParse({ ...sampleRecord(), extra: 1 }).success).toBe(false);
  });

  it('has its fields in results/README.md', () => {
    const page = readFileSync(README_FILE, 'utf8');
    expect(page, 'run: npx node harness/matrix/publish.ts').toBe(readmeWithFaults(page));
  });
});

describe('the verdict', () => {
  it.each([
    [{ verdict: 'pass', worlds: [sampleWorld({})], planned: 1 }, 'PASS: all 1 world right, in 48.2 s'],
    [
      { verdict: 'inconclusive', worlds: [sampleWorld({})], planned: 3 },
      'INCONCLUSIVE: 2 of 3 worlds not run, in 48.2 s',
    ],
    [{ verdict: 'inconclusive', worlds: [], planned: 0 }, 'INCONCLUSIVE: no world was run, in 48.2 s'],
  ] as const)('%#', (change, line) => {
    const record = { ...sampleRecord(), ...change, worlds: [...change.worlds], score: scoreOf(change.worlds) };
    expect(verdictLine(record)).toBe(line);
    expect(renderFaultsTerminal(record, { width: 80, color: false }).trimEnd().split('\n').at(-1)).toBe(line);
  });
});

describe('markdown', () => {
  it('begins with the verdict and has a row for each fault', () => {
    const text = renderFaultsMarkdown(sampleRecord());
    expect(text.split('\n')[0]).toBe('# FAIL: 1 of 5 worlds wrong, 1 error, in 48.2 s');
    expect(text).toContain(
      '| admin-port-renamed | admin-port-renamed shop/cart 0, name: metrics | admin-port-renamed (shop/cart-0) | ✅ right | 9.3 s | 310 ms |',
    );
    expect(text).toContain('- **admin-refused**: admin-port-refused was not named');
    expect(text).toContain('## Clean worlds that are not');
    expect(text).not.toContain('clean-1');
  });
});
