import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { sleep } from '../core/wait.ts';
import { LifecycleRun, LONG, SELDOM_SCRAPED } from './testing/lifecycle.ts';

/**
 * Ctrl-C and SIGTERM at any moment of a real run: all gone, what was measured kept, 130. That this is promised within five seconds is
 * what interruption.test.ts tests, with a clock of its own; this is how long to look on, beside other runs on a machine that stutters.
 */
const GONE_WITHIN_MS = 15_000;
/** Interruption's own: who ends before it was not waited for. */
const GRACE_MS = 4000;

let dir: string;
const runs: LifecycleRun[] = [];
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'meshproof-interrupt-test-'));
});
afterEach(() => {
  for (const run of runs.splice(0)) run[Symbol.dispose]();
  rmSync(dir, { recursive: true, force: true });
});

function start(scenario = LONG): LifecycleRun {
  const run = new LifecycleRun(join(dir, `run-${runs.length}`), { scenario });
  runs.push(run);
  return run;
}

/** The end of a run, and of all its processes; rejects when that takes too long. */
async function endOf(run: LifecycleRun): Promise<number | null> {
  const late = new AbortController();
  const deadline = sleep(GONE_WITHIN_MS, late.signal).then(() => {
    throw new Error(
      `still runs after ${GONE_WITHIN_MS} ms: ${JSON.stringify(run.descendants())} ${run.cli.output().stderr}`,
    );
  });
  try {
    await Promise.race([run.cli.ended, deadline]);
  } finally {
    late.abort();
    deadline.catch(() => {});
  }
  expect(run.descendants()).toEqual([]);
  return run.cli.process.exitCode;
}

async function expectInterrupted(run: LifecycleRun, signal: NodeJS.Signals): Promise<void> {
  const { stderr, stdout } = await run.cli.ended;
  expect(stderr + stdout).not.toMatch(/INTERNAL|^\s+at /m);
  const error = { code: 'INTERRUPTED', message: `interrupted by ${signal}`, hint: expect.any(String) };
  expect(await run.result()).toMatchObject({ verdict: 'inconclusive', error });
}

describe.each(['SIGINT', 'SIGTERM'] as const)('%s', (signal) => {
  it('while it starts', async () => {
    const at = [50, 300, 1000, 2000].map((afterMs) => ({ afterMs, run: start() }));
    await Promise.all(
      at.map(async ({ afterMs, run }) => {
        // Any moment will do: which parts have been started by then is not the same on every machine.
        await sleep(afterMs);
        run.kill(signal);
        const code = await endOf(run);
        expect(run.folders().length).toBeLessThan(2);
        if (run.folders().length === 1) await expectInterrupted(run, signal);
        // Before Node runs a line of ours the signal has its default effect: for a shell that is 128 + its number too.
        if (code === null) expect([run.cli.process.signalCode, run.folders()]).toEqual([signal, []]);
        else expect(code).toBe(130);
      }),
    );
  });

  it('while traffic flows, and while it waits for the scrape', { timeout: 120_000 }, async () => {
    const [traffic, scrape] = [start(), start(SELDOM_SCRAPED)];
    await Promise.all([
      traffic.traffic().then(() => traffic.kill(signal)),
      scrape.scrape().then(() => scrape.kill(signal)),
    ]);
    for (const run of [traffic, scrape]) {
      expect(await endOf(run)).toBe(130);
      await expectInterrupted(run, signal);
      const [scenario] = (await run.result()).scenarios;
      expect(scenario).toMatchObject({ name: 'short', verdict: 'inconclusive', error: { code: 'INTERRUPTED' } });
      expect(scenario!.traffic.requests).toBeGreaterThan(0);
      // The load generator's journal and the services': whole lines, with requests in them.
      expect(run.file('k6', 'k6.journal').trim().split('\n').length).toBeGreaterThan(2);
      expect(run.truth().trim().split('\n').length).toBeGreaterThan(2);
    }
  });
});

describe('children that do not end when they are told to', () => {
  it('are killed when the grace is over; at once by a second Ctrl-C', async () => {
    const [once, twice] = [start(), start()];
    let firstAt = 0;
    for (const run of [once, twice]) {
      await run.traffic();
      for (const part of ['prometheus', 'mesh', 'k6'] as const) process.kill(run.part(part), 'SIGSTOP');
      firstAt = performance.now();
      run.kill('SIGINT');
      await run.cli.stderrMatch(/SIGINT: ending what runs/);
    }
    expect(twice.descendants('prometheus')).toHaveLength(1);
    twice.kill('SIGINT');
    // The first signal to this one was the last that was sent.
    expect(await endOf(twice)).toBe(130);
    expect(performance.now() - firstAt).toBeLessThan(GRACE_MS);
    expect(await endOf(once)).toBe(130);
    await expectInterrupted(once, 'SIGINT');
  });
});
