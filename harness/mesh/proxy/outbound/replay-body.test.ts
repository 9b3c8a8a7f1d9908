import { describe, expect, it } from 'vitest';
import { BodyStream } from '../request-body.ts';
import { MAX_REPLAY_BYTES, replayable } from './replay-body.ts';

/** A body whose pieces come when they are pushed. */
function source() {
  const pieces: (string | null)[] = [];
  let wake = () => {};
  async function* read() {
    for (;;) {
      while (pieces.length > 0) {
        const piece = pieces.shift()!;
        if (piece === null) return;
        yield Buffer.from(piece);
      }
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  }
  const push = (piece: string | null) => {
    pieces.push(piece);
    wake();
  };
  return { body: new BodyStream({ [Symbol.asyncIterator]: read }), push };
}

async function text(body: unknown): Promise<string> {
  let all = '';
  for await (const chunk of body as BodyStream) all += chunk;
  return all;
}

describe('a request body that can be sent again', () => {
  it('whole', () => {
    const body = Buffer.from('x');
    const replay = replayable(body, 1)!;
    expect([replay.next(), replay.next()]).toEqual([body, body]);
    expect(replay.repeatable(false)).toBe(true);
    expect(replayable(Buffer.alloc(MAX_REPLAY_BYTES + 1), -1)!.repeatable(true)).toBe(false);
    expect(replayable(null, -1)!.repeatable(false)).toBe(true);
  });

  it('not when it is declared to be too large', () => {
    expect(replayable(source().body, MAX_REPLAY_BYTES + 1)).toBeNull();
    expect(replayable(source().body, MAX_REPLAY_BYTES)).not.toBeNull();
  });

  it('in pieces: each reader gets all of it', async () => {
    const { body, push } = source();
    const replay = replayable(body, -1)!;
    const first = text(replay.next());
    push('a');
    push('b');
    expect(replay.repeatable(false)).toBe(false);
    push(null);
    expect(await first).toBe('ab');
    expect(replay.repeatable(false)).toBe(true);
    expect(await text(replay.next())).toBe('ab');
  });

  it('goes on where a reader was given up', async () => {
    const { body, push } = source();
    const replay = replayable(body, -1)!;
    const reader = (replay.next() as BodyStream)[Symbol.asyncIterator]();
    push('a');
    expect((await reader.next()).value.toString()).toBe('a');
    const waits = reader.next();
    expect(replay.repeatable(true)).toBe(true);
    const second = text(replay.next());
    push('b');
    push(null);
    expect(await second).toBe('ab');
    expect((await waits).done).toBe(true);
  });

  it('keeps no more than its limit, but passes all of it on once', async () => {
    const { body, push } = source();
    const replay = replayable(body, -1)!;
    const first = text(replay.next());
    const piece = 'x'.repeat(MAX_REPLAY_BYTES / 2);
    for (let i = 0; i < 3; i++) push(piece);
    push(null);
    expect((await first).length).toBe(3 * piece.length);
    expect(replay.repeatable(true)).toBe(false);
  });
});
