import type { ResponseBody } from '../contract.ts';

/** A response body ready to be written. */
export interface Body {
  bytes: number;
  /** At least one; the only piece may be empty. */
  pieces: Buffer[];
  /** All of it, for a single write. Text when short: Node joins text with the headers before it calls write(2). */
  whole: Buffer | string;
  /** Between two pieces; 0 when there is one. */
  intervalMs: number;
}

const SHORT_BYTES = 16 * 1024;

let filler = Buffer.alloc(64 * 1024, 'x');

/** The first `bytes` of one buffer that all bodies share. */
export function fill(bytes: number): Buffer {
  if (bytes > filler.length) filler = Buffer.alloc(bytes, 'x');
  return filler.subarray(0, bytes);
}

/** Cuts the body into pieces of nearly equal size; never more pieces than bytes, since an empty piece is not written. */
export function bodyOf(body: ResponseBody): Body {
  const count = Math.max(1, Math.min(body.chunks, body.bytes));
  const whole = fill(body.bytes);
  const pieces: Buffer[] = [];
  for (let i = 0; i < count; i += 1) {
    pieces.push(whole.subarray(Math.floor((body.bytes * i) / count), Math.floor((body.bytes * (i + 1)) / count)));
  }
  const single = body.bytes <= SHORT_BYTES ? whole.toString('latin1') : whole;
  return { bytes: body.bytes, pieces, whole: single, intervalMs: count > 1 ? body.overMs / (count - 1) : 0 };
}
