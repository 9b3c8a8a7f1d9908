import { legacySeconds, registryFloat } from '../../mesh/telemetry/numbers.ts';
import { GzipWriter, type Layout } from './gzip-writer.ts';
import { WIDTH } from './names.ts';
import type { PageModel } from './page-model.ts';
import { FORMAT } from './page-text.ts';

/** Digits and point of the longest value. */
const LONGEST_VALUE = 25;

/**
 * Writes pages of one shape. What stands between two moving values is copied as it is, of the workload's own text; values that
 * never move are part of it.
 */
export class PageWriter {
  /** Indices of the model's samples whose values are written; all others stand in the text. */
  readonly moving: Int32Array;
  /** No page is longer. */
  readonly maxBytes: number;
  readonly samples: number;
  /** Text without moving values: piece i goes before value i, the last one after all of them. */
  readonly #text: string;
  readonly #ends: Int32Array;
  readonly #formats: Uint8Array;
  readonly #names: { at: number; index: number }[];
  readonly #placeholders: readonly string[];
  /** Where the pod's own address goes. */
  readonly #ownIp: Int32Array;
  /** How far each piece was moved by the values before it, on the page that was written last. */
  readonly #shifts: Int32Array;

  constructor(model: PageModel, moving: Int32Array) {
    this.moving = moving;
    this.samples = model.samples.length;
    let text = '';
    let at = 0;
    const ends: number[] = [];
    for (const index of moving) {
      const { from, to } = model.samples[index]!;
      text += model.text.slice(at, from);
      ends.push(text.length);
      at = to;
    }
    text += model.text.slice(at);
    this.#text = text;
    this.#ends = Int32Array.from([...ends, text.length]);
    this.#formats = Uint8Array.from(moving, (index) => model.samples[index]!.format);
    const names = model.traffic.names.find(text);
    this.#placeholders = model.traffic.names.placeholders;
    this.#names = names.filter(({ index }) => index !== OWN_IP);
    this.#ownIp = Int32Array.from(
      names.filter(({ index }) => index === OWN_IP),
      ({ at: place }) => place,
    );
    this.#shifts = new Int32Array(moving.length + 1);
    this.maxBytes = text.length + moving.length * LONGEST_VALUE;
  }

  /** Of the page that was written last. */
  get layout(): Layout {
    return { ends: this.#ends, shifts: this.#shifts };
  }

  /** Compresses what `write` writes. */
  gzip(): GzipWriter {
    const codes = Uint16Array.from(this.#text, (character) => character.charCodeAt(0));
    for (const { at, index } of [
      ...this.#names,
      ...Array.from(this.#ownIp, (place) => ({ at: place, index: OWN_IP })),
    ]) {
      const { length } = this.#placeholders[index]!;
      // Each character of a name is like no other: what takes its place matches that alone.
      for (let i = 0; i < length; i++) codes[at + i] = FIRST_NAME_CODE + index * LONGEST_NAME + i;
    }
    return new GzipWriter(codes, this.#ends, LONGEST_VALUE, this.maxBytes);
  }

  /** The text that all pods of a workload share; `names` by number, the pod's own address aside. */
  textOf(names: readonly string[]): Buffer {
    const text = Buffer.from(this.#text, 'latin1');
    for (const { at, index } of this.#names) text.write(names[index]!, at, 'latin1');
    return text;
  }

  /** @returns the page's length in `out`, which has room for `maxBytes` */
  write(out: Buffer, text: Buffer, ownIp: string, values: Float64Array): number {
    this.#address(text, ownIp);
    const ends = this.#ends;
    const formats = this.#formats;
    const shifts = this.#shifts;
    let at = 0;
    let from = 0;
    for (let i = 0; i < values.length; i++) {
      const end = ends[i]!;
      text.copy(out, at, from, end);
      at += end - from;
      from = end;
      const value = values[i]!;
      at = formats[i] === FORMAT.integer ? writeInteger(out, at, value) : writeText(out, at, print(value, formats[i]!));
      shifts[i + 1] = at - end;
    }
    text.copy(out, at, from, ends[values.length]!);
    return at + ends[values.length]! - from;
  }

  #address(text: Buffer, ip: string): void {
    const places = this.#ownIp;
    for (let i = 0; i < WIDTH.ip; i++) {
      const code = ip.charCodeAt(i);
      for (let j = 0; j < places.length; j++) text[places[j]! + i] = code;
    }
  }
}

/** Beyond those of characters. */
const FIRST_NAME_CODE = 256;
const LONGEST_NAME = Math.max(...Object.values(WIDTH));
/** Number of the placeholder of the pod's own address. */
const OWN_IP = 0;

function print(value: number, format: number): string {
  if (format === FORMAT.float) return registryFloat(value);
  if (format === FORMAT.nanoseconds) return registryFloat(Math.round(value * 1e9) / 1e9);
  if (format === FORMAT.wholeFloat) return registryFloat(Math.floor(value));
  return legacySeconds(value);
}

function writeText(out: Buffer, at: number, text: string): number {
  for (let i = 0; i < text.length; i++) out[at + i] = text.charCodeAt(i);
  return at + text.length;
}

/** Below this, integers are written without a string between. */
const SMALL = 2 ** 31;

function writeInteger(out: Buffer, at: number, value: number): number {
  const whole = Math.floor(value);
  if (whole < 10) {
    out[at] = 48 + whole;
    return at + 1;
  }
  if (whole >= SMALL) return writeText(out, at, String(whole));
  let rest = whole | 0;
  const end = at + (rest < 100 ? 2 : rest < 1000 ? 3 : rest < 10_000 ? 4 : digits(rest));
  for (let i = end - 1; i >= at; i--) {
    const next = (rest / 10) | 0;
    out[i] = 48 + rest - next * 10;
    rest = next;
  }
  return end;
}

function digits(value: number): number {
  let count = 5;
  for (let limit = 100_000; value >= limit; limit *= 10) count++;
  return count;
}
