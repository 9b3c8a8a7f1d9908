// biome-ignore-all lint/suspicious/noControlCharactersInRegex: escape sequences are what is read here
import { stripVTControlCharacters } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ProgressEvent } from '../core/progress.ts';
import { text } from '../result/testing/arbitrary.ts';
import { failingScenario, passingScenario } from '../result/testing/sample.ts';
import { createLive } from './live.ts';
import { displayWidth } from './text.ts';

function setUp(options: { tty: boolean; color?: boolean; columns?: number }) {
  const clock = { ms: 0 };
  let written = '';
  const out = {
    write(chunk: string) {
      written += chunk;
    },
    columns: options.columns ?? 80,
    rows: 24,
  };
  const live = createLive(out, { tty: options.tty, color: options.color ?? false, now: () => clock.ms });
  return { live, clock, written: () => written };
}

/** What a terminal shows after all that was written to it; knows the few sequences that the view uses. */
function screen(written: string): string[] {
  const lines = [''];
  let row = 0;
  for (const [token, up] of written.matchAll(
    /\u001b\[(\d+)A|\u001b\[J|\u001b\[\?25[lh]|\u001b\[\d+m|\r|\n|[^\u001b\r\n]+/g,
  )) {
    if (up) row -= Number(up);
    else if (token === '\u001b[J') lines.splice(row, lines.length, '');
    else if (token === '\n') lines[++row] ??= '';
    else if (token !== '\r' && !token.startsWith('\u001b')) lines[row] += token;
    expect(row).toBeGreaterThanOrEqual(0);
  }
  return lines;
}

const step = (state: 'start' | 'done', ms?: number): ProgressEvent => ({
  kind: 'step',
  step: 'start Prometheus',
  state,
  ms,
});

describe('plain', () => {
  it('writes a line a step that ended, with its time', () => {
    const { live, clock, written } = setUp({ tty: false });
    live.event('chain', step('start'));
    expect(written()).toBe('');
    clock.ms = 1200;
    live.event('chain', step('done'));
    live.event('chain', { kind: 'step', step: 'mesh', state: 'done', ms: 80, detail: '4 sidecars' });
    expect(written()).toBe('chain: start Prometheus (1.2 s)\nchain: mesh: 4 sidecars (80 ms)\n');
  });

  it('says how traffic goes, every five seconds', () => {
    const { live, clock, written } = setUp({ tty: false });
    for (clock.ms = 0; clock.ms <= 10_000; clock.ms += 500) {
      live.event('chain', { kind: 'traffic', sent: clock.ms / 10, failed: 1, remainingMs: 10_000 - clock.ms });
    }
    expect(written().split('\n')).toEqual([
      'chain: 0 requests, 1 failed, 10.0 s left',
      'chain: 500 requests, 1 failed, 5.0 s left',
      'chain: 1,000 requests, 1 failed',
      '',
    ]);
  });

  it('says the verdict of a scenario, and in colour only when asked', () => {
    const plain = setUp({ tty: false });
    plain.live.scenarioDone(passingScenario());
    plain.live.scenarioDone(failingScenario());
    expect(plain.written()).toMatch(
      /^PASS baseline-chain: 1\/1 flows agree, 1,200 requests \(16\.0 s\)\nFAIL error-burst: .*truth is 300\n$/,
    );
    const coloured = setUp({ tty: false, color: true });
    coloured.live.scenarioDone(failingScenario());
    expect(coloured.written()).toMatch(/^\u001b\[31mFAIL\u001b\[39m error-burst/);
  });

  it('is silent once closed', () => {
    const { live, written } = setUp({ tty: false });
    live.close();
    live.event('chain', step('done', 1));
    live.scenarioDone(passingScenario());
    expect(written()).toBe('');
  });
});

describe('drawn', () => {
  it('shows what goes on below what has ended', () => {
    const { live, clock, written } = setUp({ tty: true });
    live.event('chain', step('start'));
    clock.ms = 1200;
    live.event('chain', step('done'));
    clock.ms = 2000;
    live.event('chain', { kind: 'traffic', sent: 1500, failed: 2, remainingMs: 8000 });
    live.event('other', { kind: 'step', step: 'mesh', state: 'start' });
    clock.ms = 3000;
    live.event('other', { kind: 'step', step: 'services', state: 'start' });
    expect(screen(written())).toEqual([
      '  chain: start Prometheus (1.2 s)',
      '> chain (3.0 s)',
      '    1,500 requests, 2 failed, 7.0 s left',
      '> other (1.0 s)',
      '    mesh (1.0 s)',
      '    services (0 ms)',
      '',
    ]);
    live.close();
  });

  it('leaves only what has ended, and the cursor', () => {
    const { live, written } = setUp({ tty: true });
    live.event('baseline-chain', step('start'));
    live.scenarioDone(passingScenario());
    live.event('error-burst', step('start'));
    live.close();
    live.close();
    live.event('error-burst', step('done'));
    expect(screen(written())).toEqual(['PASS baseline-chain: 1/1 flows agree, 1,200 requests (16.0 s)', '']);
    expect(written().lastIndexOf('\u001b[?25h')).toBeGreaterThan(written().lastIndexOf('\u001b[?25l'));
  });

  it('uses no colour without being asked', () => {
    const { live, written } = setUp({ tty: true });
    live.scenarioDone(failingScenario());
    live.close();
    expect(written()).not.toMatch(/\u001b\[\d+m/);
  });

  it('never writes a line that would wrap, whatever it is told', () => {
    fc.assert(
      fc.property(text, text, fc.integer({ min: 21, max: 100 }), (name, detail, columns) => {
        const { live, written } = setUp({ tty: true, columns });
        live.event(name, { kind: 'step', step: detail, state: 'start', detail });
        live.event(name, { kind: 'step', step: detail, state: 'done', detail });
        live.scenarioDone({ ...failingScenario(), name });
        live.close();
        for (const line of stripVTControlCharacters(written()).replaceAll('\r', '').split('\n')) {
          expect(displayWidth(line)).toBeLessThan(columns);
        }
      }),
    );
  });
});
