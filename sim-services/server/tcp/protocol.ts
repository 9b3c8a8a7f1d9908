import { TCP_GREETING, TCP_PREAMBLE } from '../../contract.ts';

/** What a client says first. */
export interface Preamble {
  /** `namespace/service`. */
  caller: string;
  requestBytes: number;
  exchanges: number;
}

/** Longer than any line of the protocol. */
const MAX_LINE = 1024;
const NEWLINE = 10;

export function preambleOf({ caller, requestBytes, exchanges }: Preamble): Buffer {
  return Buffer.from(`${TCP_PREAMBLE} ${caller} ${requestBytes} ${exchanges}\n`);
}

export function greetingOf(pod: string): Buffer {
  return Buffer.from(`${TCP_GREETING} ${pod}\n`);
}

/** Goes before the bytes of an answer, so that the client knows when it is whole. */
export function lengthOf(bytes: number): Buffer {
  return Buffer.from(`${bytes}\n`);
}

/** null: not one. */
export function readPreamble(line: string): Preamble | null {
  const match = new RegExp(`^${TCP_PREAMBLE} (\\S+) (\\d{1,9}) ([1-9]\\d{0,8})$`).exec(line);
  return match ? { caller: match[1]!, requestBytes: Number(match[2]), exchanges: Number(match[3]) } : null;
}

/** The pod's name; null: not one. */
export function readGreeting(line: string): string | null {
  return new RegExp(`^${TCP_GREETING} (\\S+)$`).exec(line)?.[1] ?? null;
}

/** null: not one. */
export function readLength(line: string): number | null {
  return /^\d{1,9}$/.test(line) ? Number(line) : null;
}

/** What has been received and is to be read in lines and lengths. */
export class Incoming {
  #held: Buffer = Buffer.alloc(0);

  add(chunk: Buffer): void {
    this.#held = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk]);
  }

  /** The next line, without its end; null: it has not come yet; undefined: what has come can't be one. */
  line(): string | null | undefined {
    const end = this.#held.indexOf(NEWLINE);
    if (end === -1) return this.#held.length > MAX_LINE ? undefined : null;
    if (end > MAX_LINE) return undefined;
    const text = this.#held.toString('utf8', 0, end);
    this.#held = this.#held.subarray(end + 1);
    return text;
  }

  /** Takes up to so many bytes away; returns how many there were. */
  skip(bytes: number): number {
    const taken = Math.min(bytes, this.#held.length);
    this.#held = this.#held.subarray(taken);
    return taken;
  }

  /** Whether what has come may begin with the text. */
  mayBegin(text: string): boolean {
    const head = this.#held.toString('latin1', 0, text.length);
    return text.startsWith(head);
  }
}
