import { describe, expect, it } from 'vitest';
import { HarnessError, InterruptedError } from '../core/errors.ts';
import { abortable, sleep, waitFor } from '../core/wait.ts';
import { Guard } from './guard.ts';
import { errorRecord, failedScenarioResult } from './records.ts';

const died = new HarnessError('CHILD_DIED', 'mesh: it ended', { hint: 'see its log' });
const FOREVER = 60_000;

function environment() {
  const env = { dead: false, check: () => {} };
  env.check = () => {
    if (env.dead) throw died;
  };
  return env;
}

describe('work in an environment', () => {
  it('gives what it yields', async () => {
    using guard = new Guard(environment(), new AbortController().signal);
    expect(await guard.run(async () => 7)).toBe(7);
    expect(guard.signal.aborted).toBe(false);
  });

  it('is told to end when a part of the environment dies, and fails by that', async () => {
    const env = environment();
    using guard = new Guard(env, new AbortController().signal);
    const work = guard.run(async (signal) => {
      env.dead = true;
      // As k6: told to end, it ends well, with what it has.
      await sleep(FOREVER, signal).catch(() => {});
      return 'what there is';
    });
    await expect(work).rejects.toBe(died);
    await expect(guard.run(async () => 'more')).rejects.toBe(died);
  });

  it('fails by a death that shows only after its own failure', async () => {
    const env = environment();
    using guard = new Guard(env, new AbortController().signal);
    const work = guard.run(async () => {
      setTimeout(() => {
        env.dead = true;
      }, 5);
      throw new Error('connection reset');
    });
    await expect(work).rejects.toBe(died);
  });

  it('fails by that death too when it had just ended well', async () => {
    const env = environment();
    using guard = new Guard(env, new AbortController().signal);
    const work = guard.run(async () => {
      env.dead = true;
    });
    await expect(work).rejects.toBe(died);
  });

  it('fails by itself when nothing died', async () => {
    using guard = new Guard(environment(), new AbortController().signal);
    await expect(guard.run(() => Promise.reject(new Error('its own')))).rejects.toThrow('its own');
  });

  it('ends with the run', async () => {
    const run = new AbortController();
    using guard = new Guard(environment(), run.signal);
    const work = guard.run((signal) => sleep(FOREVER, signal));
    const reason = new InterruptedError('SIGINT');
    run.abort(reason);
    await expect(work).rejects.toBe(reason);
  });
});

describe('waiting', () => {
  it('ends at once when there is no point in it any more, unlike by a probe that throws', async () => {
    let looks = 0;
    const waiting = waitFor(
      () => {
        looks += 1;
        throw new Error('not yet');
      },
      {
        what: 'nothing',
        deadlineMs: FOREVER,
        everyMs: 1,
        hint: '',
        check: () => {
          if (looks === 3) throw died;
        },
      },
    );
    await expect(waiting).rejects.toBe(died);
    expect(looks).toBe(3);
  });

  it('is cut short by its signal, before and while', async () => {
    const stop = new AbortController();
    const never = new Promise<never>(() => {});
    const waiting = abortable(never, stop.signal);
    stop.abort(died);
    await expect(waiting).rejects.toBe(died);
    await expect(abortable(never, stop.signal)).rejects.toBe(died);
    expect(await abortable(Promise.resolve(1), new AbortController().signal)).toBe(1);
  });
});

describe('the record of an error', () => {
  it('has code, message and hint', () => {
    expect(errorRecord(died)).toEqual({ code: 'CHILD_DIED', message: 'mesh: it ended', hint: 'see its log' });
    expect(errorRecord(new TypeError('x'))).toMatchObject({ code: 'INTERNAL', message: 'x' });
    expect(errorRecord(undefined)).toMatchObject({ code: 'INTERNAL' });
  });

  it.each([
    ['ENOSPC', /the disk is full/],
    ['EROFS', /read-only/],
    ['EACCES', /may not write/],
  ])('knows a place that will not do: %s', (code, hint) => {
    const error = Object.assign(new Error(`${code}: open`), { code, path: '/r/logs/x' });
    expect(errorRecord(error)).toEqual({
      code: 'RESULTS_NOT_WRITABLE',
      message: `/r/logs/x can't be written: ${code}: open`,
      hint: expect.stringMatching(hint),
    });
  });

  it('is that of the first failure when taking down failed too', () => {
    const both = new SuppressedError(new Error('while taking down'), died);
    const { error, verdict, reasons } = failedScenarioResult({ reasons: [] } as never, both, []);
    expect([error?.code, verdict, reasons.map((r) => r.code)]).toEqual(['CHILD_DIED', 'inconclusive', ['CHILD_DIED']]);
  });
});
