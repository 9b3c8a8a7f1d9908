import { Duplex } from 'node:stream';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TunnelLeg } from './tunnel-leg.ts';

/** A socket of which only what is written is kept, and what comes is given. */
class Wire extends Duplex {
  readonly sent: Buffer[] = [];
  override _read() {}
  override _write(chunk: Buffer, _encoding: string, done: () => void) {
    this.sent.push(chunk);
    done();
  }
}

async function received(pieces: Buffer[]) {
  const wire = new Wire();
  const leg = new TunnelLeg(wire);
  const got: Buffer[] = [];
  let end = 0;
  const closed = new Promise<void>((resolve) => {
    leg.onClose = resolve;
  });
  leg.onData = (chunk) => void got.push(chunk);
  leg.onEnd = () => {
    end++;
    leg.end();
  };
  leg.start();
  for (const piece of pieces) wire.push(piece);
  wire.push(null);
  await closed;
  return { text: Buffer.concat(got), end };
}

function sent(chunks: Buffer[]): Buffer {
  const wire = new Wire();
  const leg = new TunnelLeg(wire);
  for (const chunk of chunks) leg.write(chunk);
  leg.end();
  return Buffer.concat(wire.sent);
}

const bytes = fc.uint8Array({ maxLength: 40 }).map((array) => Buffer.from(array));

describe('TunnelLeg', () => {
  it('brings over what was written, however the wire cuts it, and its end', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(bytes), fc.array(fc.nat(50)), async (chunks, cuts) => {
        let rest = sent(chunks);
        const pieces = cuts.map((at) => {
          const piece = rest.subarray(0, at);
          rest = rest.subarray(at);
          return piece;
        });
        const all = [...pieces, rest].filter((piece) => piece.length > 0);
        expect(await received(all)).toEqual({ text: Buffer.concat(chunks), end: 1 });
      }),
      { numRuns: 50 },
    );
  });

  it('does not take a wire that was cut for one that has ended', async () => {
    const whole = sent([Buffer.from('hello')]);
    for (let at = 0; at < whole.length; at++) {
      expect(await received(at === 0 ? [] : [whole.subarray(0, at)])).toMatchObject({ end: 0 });
    }
  });
});
