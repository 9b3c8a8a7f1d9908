import type { TcpConnection } from '../../telemetry/types.ts';
import type { Leg } from './leg.ts';

/** One side of a forwarded connection: where it goes, and the label set that counts it. */
export interface Side {
  leg: Leg;
  counted: TcpConnection;
  /** Bytes that were counted as read before, while they were looked at. */
  alreadyRead?: number;
}

/**
 * Passes on what comes, both ways at once, and the end of each way; waits where the other side is slow. When both ways have
 * ended, or one side broke, both sides are closed.
 * @param done told once; `broken`: one side was cut
 */
export function splice(a: Side, b: Side, done: (broken: boolean) => void): void {
  let over = false;
  let finished = 0;
  const close = (broken: boolean) => {
    if (over) return;
    over = true;
    for (const { leg, counted } of [a, b]) {
      leg.destroy();
      counted.close('');
    }
    done(broken);
  };
  for (const [from, to] of [
    [a, b],
    [b, a],
  ] as const) {
    const ways = { in: false, out: false };
    let known = from.alreadyRead ?? 0;
    from.leg.onData = (chunk) => {
      if (over) return;
      const again = Math.min(known, chunk.length);
      known -= again;
      if (chunk.length > again) from.counted.read(chunk.length - again);
      to.counted.write(chunk.length);
      if (!to.leg.write(chunk)) from.leg.pause();
    };
    to.leg.onDrain = () => from.leg.resume();
    from.leg.onEnd = () => {
      ways.in = true;
      to.leg.end();
    };
    from.leg.onFinish = () => {
      ways.out = true;
      finished++;
      if (finished === 2) close(false);
    };
    // A side that is through both ways may go while the other is still being written to.
    from.leg.onClose = () => {
      if (!ways.in || !ways.out) close(true);
    };
  }
  for (const { leg } of [a, b]) if (!over) leg.start();
}
