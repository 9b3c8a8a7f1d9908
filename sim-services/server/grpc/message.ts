import { type Body, fill } from '../../behaviour/body.ts';

/** Every method of the .proto that ships begins so. */
const SHIPPED = '/meshproof.v1.';
/** Of Payload.padding there. */
const PADDING_FIELD = 1;
/** The highest that protobuf knows: a reader of any other message takes it for an unknown one. */
const UNKNOWN_FIELD = 2 ** 29 - 1;
const LENGTH_DELIMITED = 2;

/** A protobuf message whose only field is so many bytes; none for 0, as proto3 has it. */
export function encodeMessage(method: string, padding: number | Buffer): Buffer {
  const bytes = typeof padding === 'number' ? fill(padding) : padding;
  if (bytes.length === 0) return Buffer.alloc(0);
  const field = method.startsWith(SHIPPED) ? PADDING_FIELD : UNKNOWN_FIELD;
  return Buffer.concat([varint(field * 8 + LENGTH_DELIMITED), varint(bytes.length), bytes]);
}

/** A message as it goes over the wire: not compressed, its length before it. */
export function frame(message: Buffer): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(message.length, 1);
  return Buffer.concat([head, message]);
}

/** The framed messages of a body: each piece is one when the method streams, else there is one. Made once each. */
export class Messages {
  readonly #of = new WeakMap<Body, Buffer[]>();

  of(body: Body, method: string, streams: boolean): Buffer[] {
    let frames = this.#of.get(body);
    if (!frames) {
      const parts = streams ? body.pieces : [fill(body.bytes)];
      frames = parts.map((part) => frame(encodeMessage(method, part)));
      this.#of.set(body, frames);
    }
    return frames;
  }
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  while (rest > 127) {
    bytes.push((rest % 128) + 128);
    rest = Math.floor(rest / 128);
  }
  return Buffer.from([...bytes, rest]);
}
