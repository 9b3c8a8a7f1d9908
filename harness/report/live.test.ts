import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ProgressEvent } from '../core/progress.ts';
import { text } from '../result/testing/arbitrary.ts';
import { failingScenario, passingScenario, sampleDiagnosis } from '../result/testing/sample.ts';
import { createLive } from './live.ts';
import { VirtualTerminal } from './testing/virtual-terminal.ts';
import { displayWidth } from './text.ts';

function setUp(options: { tty: boolean; color?: boolean; columns?: number; rows?: number }) {
  const clock = { ms: 0 };
  const terminal = new VirtualTerminal(options.columns, options.rows);
  const live = createLive(terminal, { tty: options.tty, color: options.color ?? false, now: () => clock.ms });
  return { live, clock, terminal };
}

const step = (state: 'start' | 'done', ms?: number): ProgressEvent => ({
  kind: 'step',
  step: 'prometheus',
  detail: '3.15.0',
  state,
  ms,
});
const phase = (name: string): ProgressEvent => ({ kind: 'phase', phase: name });
const traffic = (sent: number, failed: number, remainingMs: number): ProgressEvent => ({
  kind: 'traffic',
  sent,
  failed,
  remainingMs,
});

describe('plain', () => {
  it('writes a line for each step that ended, with its time, and none for phases', () => {
    const { live, clock, terminal } = setUp({ tty: false });
    live.event('chain', phase('start'));
    live.event('chain', step('start'));
    expect(terminal.text).toBe('');
    clock.ms = 1200;
    live.event('chain', step('done'));
    live.event('chain', { kind: 'step', step: 'mesh', state: 'done', ms: 80, detail: '4 sidecars' });
    live.event('chain', phase('verdict'));
    expect(terminal.text).toBe('chain: prometheus: 3.15.0 (1.2 s)\nchain: mesh: 4 sidecars (80 ms)\n');
  });

  it('says how traffic goes: its first requests, then every ten seconds', () => {
    const { live, clock, terminal } = setUp({ tty: false });
    for (clock.ms = 0; clock.ms <= 30_500; clock.ms += 500) {
      live.event('chain', traffic(clock.ms / 10, 1, 30_500 - clock.ms));
    }
    expect(terminal.all).toEqual([
      'chain: 50 requests, 1 failed, 30.0 s left',
      'chain: 1,050 requests, 1 failed, 20.0 s left',
      'chain: 2,050 requests, 1 failed, 10.0 s left',
    ]);
  });

  it('counts the scenarios of a suite', () => {
    const { live, terminal } = setUp({ tty: false });
    live.plan({ scenarios: ['a', 'b'].map((name) => ({ name, trafficMs: 1000 })), parallel: 1 });
    live.scenarioDone({ ...passingScenario(), name: 'a' });
    live.scenarioDone({ ...failingScenario(), name: 'b' });
    expect(terminal.text).toMatch(/^PASS a: .* \[1\/2\]\nFAIL b: .* \(16\.0 s\): 10\.1\.2\.3.* \[2\/2\]\n$/);
  });

  it('has colour only when asked', () => {
    const plain = setUp({ tty: false });
    plain.live.scenarioDone(failingScenario());
    expect(plain.terminal.text).toMatch(/^FAIL error-burst: .* \(16\.0 s\): 10\.1\.2\.3:4191 of .* since 03:04:12\n$/);
    const coloured = setUp({ tty: false, color: true });
    coloured.live.scenarioDone(failingScenario());
    expect(coloured.terminal.text.startsWith('\u001b[31mFAIL\u001b[39m error-burst')).toBe(true);
  });

  it('is silent once closed', () => {
    const { live, terminal } = setUp({ tty: false });
    live.close();
    live.event('chain', step('done', 1));
    live.scenarioDone(passingScenario());
    live.note('x');
    expect(terminal.text).toBe('');
  });
});

/** A suite of `total`, of which some are done, some have not passed, and some run. */
function suite(options: {
  total: number;
  passed?: number;
  failed?: number;
  running?: number;
  columns?: number;
  rows?: number;
}) {
  const { total, passed = 0, failed = 0, running = 0, ...size } = options;
  const all = setUp({ tty: true, ...size });
  const names = Array.from({ length: total }, (_, i) => `scenario-${String(i + 1).padStart(2, '0')}`);
  all.live.plan({ scenarios: names.map((name) => ({ name, trafficMs: 10_000 })), parallel: 2 });
  const next = () => names.shift()!;
  for (let i = 0; i < passed; i++) all.live.scenarioDone({ ...passingScenario(), name: next() });
  for (let i = 0; i < failed; i++) all.live.scenarioDone({ ...failingScenario(), name: next() });
  for (let i = 0; i < running; i++) {
    const name = next();
    all.live.event(name, phase('start'));
    all.live.event(name, phase('traffic'));
    all.live.event(name, traffic(1234, 0, 10_000));
  }
  // So that the last of it is drawn.
  all.clock.ms = 100;
  all.live.event('scenario-00', { kind: 'step', step: '', state: 'done' });
  return all;
}

describe('a suite on the screen', () => {
  it('shows how far it is, what runs, what has failed, and how many the others are', () => {
    const { live, clock, terminal } = suite({ total: 12, passed: 3, failed: 1, running: 2 });
    clock.ms = 2000;
    live.event('scenario-05', traffic(2468, 3, 7500));
    const [head, bar, ...rest] = terminal.screen;
    expect(head).toMatch(/^4 of 12 scenarios done, 1 not passed {2,}2 s so far, about 1 min 03 s left$/);
    expect(displayWidth(head!)).toBe(79);
    expect(bar).toMatch(/^█{1,4}░{75,78}$/);
    expect(rest).toEqual([
      'scenario-05  traffic  █████░░░░░░░░░░░░░░░░  8 s left  2,468 requests, 3 failed',
      'scenario-06  traffic  ████░░░░░░░░░░░░░░░░░  8 s left  1,234 requests',
      'FAIL scenario-04: 10.1.2.3:4191 of shop/pay-7c5d9-k2x4z has answered no scrape…',
      '3 passed, 6 waiting',
    ]);
  });

  it('says where a scenario is outside of its traffic', () => {
    const { live, clock, terminal } = setUp({ tty: true });
    live.event('chain', phase('start'));
    live.event('chain', { kind: 'step', step: 'mesh', state: 'start' });
    live.event('chain', { kind: 'step', step: 'services', state: 'start' });
    clock.ms = 1500;
    live.event('other', phase('last scrape'));
    expect(terminal.screen).toEqual(['chain  starting     mesh, services (2 s)', 'other  last scrape']);
    clock.ms = 3000;
    live.event('chain', { kind: 'step', step: 'services', state: 'done' });
    expect(terminal.screen).toEqual(['chain  starting     mesh (3 s)', 'other  last scrape  2 s']);
  });

  it.each([
    [30, 24],
    [30, 8],
    [200, 24],
    [50, 3],
    [50, 2],
  ])('fits: %i scenarios in %i lines', (total, rows) => {
    const { terminal } = suite({ total, failed: 12, running: 8, passed: 5, rows });
    // Nothing has scrolled away, and the cursor has its line.
    expect(terminal.all.length).toBeLessThan(rows);
    expect(terminal.screen[0]).toMatch(/^17 of/);
  });

  it('has running ones before failed ones, and counts what it leaves out', () => {
    const { terminal } = suite({ total: 40, failed: 12, running: 8, passed: 5, rows: 16 });
    expect(terminal.screen.map((line) => line.split(' ')[0])).toEqual([
      ...['17', terminal.screen[1]],
      ...Array.from({ length: 8 }, (_, i) => `scenario-${18 + i}`),
      ...['FAIL', 'FAIL', 'FAIL', 'and', '5'],
    ]);
    expect(terminal.screen.at(-2)).toBe('and 9 more not passed');
    const small = suite({ total: 40, failed: 12, running: 8, passed: 5, rows: 7 });
    expect(small.terminal.screen.at(-2)).toBe('and 5 more running');
  });

  it('leaves what was noted, and nothing else; the cursor is shown after every frame', () => {
    const { live, clock, terminal } = suite({ total: 3, running: 2 });
    live.note('SIGINT: ending what runs');
    for (; clock.ms < 3000; clock.ms += 200) {
      live.event('scenario-01', traffic(clock.ms, 0, 10_000 - clock.ms));
      expect(terminal.cursorShown).toBe(true);
      expect(terminal.cursor.column).toBe(0);
    }
    expect(terminal.screen[0]).toBe('SIGINT: ending what runs');
    live.close();
    live.close();
    live.event('scenario-01', step('done'));
    expect(terminal.all).toEqual(['SIGINT: ending what runs']);
    expect(terminal.cursor).toEqual({ row: 1, column: 0 });
  });

  it('writes each frame at once, and not each event', () => {
    const { live, clock, terminal } = suite({ total: 3, running: 1 });
    clock.ms = 1000;
    const before = terminal.writes;
    live.event('scenario-01', traffic(5000, 0, 9000));
    expect(terminal.writes).toBe(before + 1);
    // Much comes between two frames.
    for (let i = 0; i < 50; i++) live.event('scenario-01', traffic(5000 + i, 0, 9000));
    expect(terminal.writes).toBe(before + 1);
  });

  it('writes nothing when nothing has changed', () => {
    const { live, clock, terminal } = setUp({ tty: true });
    live.event('chain', phase('start'));
    const { writes } = terminal;
    for (clock.ms = 100; clock.ms < 1000; clock.ms += 100) live.event('chain', phase('start'));
    expect([writes, terminal.writes]).toEqual([1, 1]);
  });

  it('takes over what Ctrl-C leaves on the screen', () => {
    const { live, clock, terminal } = suite({ total: 3, running: 1 });
    terminal.write('^C');
    clock.ms = 1000;
    live.event('scenario-01', traffic(5000, 0, 9000));
    expect(terminal.all.join('\n')).not.toContain('^C');
  });

  it.each([
    [40, 24],
    [12, 24],
    [200, 50],
    [80, 6],
  ])('draws anew over itself when the window becomes %i x %i', (columns, rows) => {
    const { live, clock, terminal } = suite({ total: 9, failed: 2, running: 2, passed: 1 });
    terminal.resize(columns, rows);
    clock.ms = 1000;
    live.event('scenario-04', traffic(5000, 0, 9000));
    if (columns >= 40 && rows >= 24) expect(terminal.all.filter((line) => line.startsWith('3 of 9'))).toHaveLength(1);
    expect(terminal.screen.length).toBeLessThan(rows);
    for (const line of terminal.screen) expect(displayWidth(line)).toBeLessThan(columns);
    live.close();
    if (columns >= 40 && rows >= 24) expect(terminal.all).toEqual([]);
    expect(terminal.screen.filter((line) => line.startsWith('3 of 9'))).toEqual([]);
  });

  it('tells names that begin alike apart', () => {
    const { live, terminal } = setUp({ tty: true, columns: 50 });
    const names = ['east', 'west'].map((end) => `checkout-with-retries-and-timeouts-${end}`);
    live.plan({ scenarios: names.map((name) => ({ name, trafficMs: 1000 })), parallel: 2 });
    for (const name of names) live.event(name, phase('start'));
    live.note('x');
    const shown = terminal.screen.filter((line) => line.startsWith('checkout')).map((line) => line.split(' ')[0]);
    expect(shown).toEqual(['checkout…uts-east', 'checkout…uts-west']);
  });

  it('says how long it takes from what the others took', () => {
    const { live, clock, terminal } = setUp({ tty: true });
    const names = ['a', 'b', 'c'];
    live.plan({ scenarios: names.map((name) => ({ name, trafficMs: 10_000 })), parallel: 1 });
    live.event('a', phase('start'));
    expect(terminal.screen[0]).toMatch(/about 54 s left$/);
    clock.ms = 30_000;
    live.scenarioDone({ ...passingScenario(), name: 'a', durationMs: 30_000 });
    live.event('b', phase('start'));
    clock.ms = 31_000;
    live.event('b', phase('start'));
    expect(terminal.screen[0]).toMatch(/31 s so far, about 59 s left$/);
  });

  it('takes what the environment lets run at once for what will run at once', () => {
    const { live, terminal } = setUp({ tty: true });
    live.plan({ scenarios: ['a', 'b', 'c'].map((name) => ({ name, trafficMs: 10_000 })), parallel: 3 });
    live.event('a', phase('start'));
    expect(terminal.screen[0]).toMatch(/about 54 s left$/);
  });

  it('has a bar that never goes back, whatever the estimate does', () => {
    const { live, clock, terminal } = setUp({ tty: true });
    live.plan({ scenarios: ['a', 'b', 'c'].map((name) => ({ name, trafficMs: 1000 })), parallel: 1 });
    live.event('a', phase('start'));
    clock.ms = 20_000;
    live.event('a', phase('traffic'));
    const before = terminal.screen[1];
    live.scenarioDone({ ...passingScenario(), name: 'a', durationMs: 20_000 });
    expect(terminal.screen[0]).toMatch(/about 40 s left$/);
    expect(terminal.screen[1]).toBe(before);
  });
});

describe('without a plan', () => {
  it('leaves a line of each that has ended above what goes on', () => {
    const { live, terminal } = setUp({ tty: true });
    live.event('baseline-chain', step('start'));
    live.scenarioDone(passingScenario());
    live.event('error-burst', phase('start'));
    live.event('error-burst', phase('start'));
    live.note('now');
    live.note('  http://127.1.2.3');
    expect(terminal.screen).toEqual([
      'PASS baseline-chain: 1/1 flows agree, 1,200 requests (16.0 s)',
      'now',
      '  http://127.1.2.3',
      'error-burst  starting',
    ]);
    live.close();
    expect(terminal.all).toEqual([
      'PASS baseline-chain: 1/1 flows agree, 1,200 requests (16.0 s)',
      'now',
      '  http://127.1.2.3',
    ]);
  });

  it('forgets what never says that it has ended, when something else begins', () => {
    const { live, clock, terminal } = setUp({ tty: true });
    live.event('meshed 50/s', step('start'));
    live.event('meshed 50/s', step('done'));
    live.event('meshed 50/s', traffic(10, 0, 2000));
    clock.ms = 3000;
    live.event('meshed 75/s', step('start'));
    expect(terminal.screen).toEqual(['meshed 75/s  prometheus']);
    live.event('meshed 75/s', step('done'));
    live.event('meshed 75/s', traffic(10, 0, 2000));
    clock.ms = 6000;
    live.event('meshed 75/s', step('start'));
    clock.ms = 6200;
    live.event('meshed 75/s', traffic(1, 0, 2000));
    expect(terminal.screen).toHaveLength(1);
  });

  it('uses no colour without being asked', () => {
    const { live, terminal } = setUp({ tty: true });
    live.scenarioDone(failingScenario());
    live.close();
    expect(terminal.text).not.toMatch(/\[\d+m/);
  });
});

describe('whatever it is told', () => {
  it('nothing moves the cursor but itself, nothing wraps, and nothing is left', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(text, text, fc.constantFrom('pass', 'fail')), { minLength: 1, maxLength: 6 }),
        fc.integer({ min: 2, max: 100 }),
        fc.integer({ min: 1, max: 30 }),
        fc.boolean(),
        (scenarios, columns, rows, planned) => {
          const { live, clock, terminal } = setUp({ tty: true, color: true, columns, rows });
          const all = scenarios.map(([name]) => ({ name, trafficMs: 1000 }));
          if (planned) live.plan({ scenarios: all, parallel: 2 });
          for (const [name, detail, verdict] of scenarios) {
            live.event(name, phase(detail));
            clock.ms += 100;
            live.event(name, { kind: 'step', step: detail, state: 'start', detail });
            clock.ms += 100;
            live.event(name, traffic(1e6, 12, 900));
            for (const line of terminal.screen) expect(displayWidth(line)).toBeLessThan(Math.max(2, columns));
            if (verdict === 'pass')
              live.scenarioDone({ ...failingScenario(), name, diagnoses: [sampleDiagnosis({ summary: detail })] });
          }
          live.close();
          if (planned && scenarios.length > 1) expect(terminal.all).toEqual([]);
        },
      ),
    );
  });
});
