import { createHash } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';
import { reason, StoreError } from './reason.ts';
import { openReleases, type Source } from './source.ts';

const DEADLINE_MS = 15 * 60_000;
const MAX_TEXT_BYTES = 1 << 20;
/** How often a transfer that is cut goes on where it ended, as long as each brought something. */
const MAX_TRANSFERS = 5;
const TELL_EVERY_MS = 5000;
const MEGABYTE = 1_000_000;

/** Told every few seconds: `12 of 40 MB`. */
export type TellProgress = (text: string) => void;

/** Downloads release files, from where and by which way the environment says. */
export class Downloader implements AsyncDisposable {
  readonly #source: Source;
  readonly #signal: AbortSignal;
  readonly #tellEveryMs: number;

  /** @throws Error when MESHPROOF_RELEASES names nothing that files can be had from */
  constructor(env: NodeJS.ProcessEnv, signal: AbortSignal | undefined, tellEveryMs = TELL_EVERY_MS) {
    this.#tellEveryMs = tellEveryMs;
    this.#source = openReleases(env);
    const deadline = AbortSignal.timeout(DEADLINE_MS);
    this.#signal = signal ? AbortSignal.any([signal, deadline]) : deadline;
  }

  /** Where a file is, for people. */
  nameOf(path: string): string {
    return this.#source.nameOf(path);
  }

  /** A small text. @throws Error with the place and what happened */
  async text(path: string): Promise<string> {
    const parts: Uint8Array[] = [];
    await this.#explained(path, async () => {
      let length = 0;
      const { body } = await this.#source.open(path, this.#signal);
      for await (const part of body) {
        length += part.length;
        if (length > MAX_TEXT_BYTES) throw new Error('it is no checksum file: too long');
        parts.push(part);
      }
    });
    return Buffer.concat(parts).toString('utf8');
  }

  /**
   * Into a file, which is whole when this resolves. A transfer that is cut goes on where it ended, when the server can do that.
   * @returns its sha256, in hexadecimal
   * @throws Error with the place and what happened
   */
  async file(path: string, to: string, tell: TellProgress = () => {}): Promise<string> {
    return this.#explained(path, async () => {
      await using target = await openTarget(to);
      const received = new Received(to, target, tell, this.#tellEveryMs);
      for (let transfer = 1; ; transfer += 1) {
        const before = received.bytes;
        try {
          await this.#transfer(path, received);
          return received.sha256();
        } catch (error) {
          const goesOn = received.rest !== undefined && received.bytes > before && transfer < MAX_TRANSFERS;
          if (error instanceof StoreError || this.#signal.aborted || !goesOn) throw error;
        }
      }
    });
  }

  async #transfer(path: string, received: Received): Promise<void> {
    const incoming = await this.#source.open(path, this.#signal, received.rest);
    // It can't go on in the middle, or it is another file by now.
    if (incoming.fromByte !== received.bytes) await received.startAgain();
    if (incoming.fromByte !== received.bytes) throw new Error('it answers with another part of the file');
    received.validator = incoming.validator;
    received.totalBytes = incoming.totalBytes;
    for await (const part of incoming.body) await received.add(part);
    if (incoming.totalBytes !== null && received.bytes < incoming.totalBytes) {
      throw new Error(`it ended after ${received.bytes} of ${incoming.totalBytes} bytes`);
    }
  }

  async #explained<T>(path: string, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (error instanceof StoreError) throw error;
      throw new Error(`${this.nameOf(path)}: ${reason(error)}`, { cause: error });
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#source[Symbol.asyncDispose]();
  }
}

async function openTarget(to: string): Promise<FileHandle> {
  try {
    return await open(to, 'w');
  } catch (error) {
    throw notStored(to, error);
  }
}

function notStored(to: string, error: unknown): StoreError {
  return new StoreError(`${to} can't be written: ${reason(error)}`, { cause: error });
}

/** What has come of a file so far. */
class Received {
  bytes = 0;
  totalBytes: number | null = null;
  validator: string | null = null;
  readonly #to: string;
  readonly #target: FileHandle;
  readonly #tell: TellProgress;
  readonly #tellEveryMs: number;
  #hash = createHash('sha256');
  #toldAt = performance.now();

  constructor(to: string, target: FileHandle, tell: TellProgress, tellEveryMs: number) {
    this.#tellEveryMs = tellEveryMs;
    this.#to = to;
    this.#target = target;
    this.#tell = tell;
  }

  /** What to ask for when the transfer was cut; absent: nothing but the whole. */
  get rest(): { fromByte: number; validator: string } | undefined {
    return this.bytes > 0 && this.validator !== null ? { fromByte: this.bytes, validator: this.validator } : undefined;
  }

  async add(part: Uint8Array): Promise<void> {
    this.#hash.update(part);
    try {
      for (let at = 0; at < part.length; ) {
        const { bytesWritten } = await this.#target.write(part, at, part.length - at, this.bytes + at);
        at += bytesWritten;
      }
    } catch (error) {
      throw notStored(this.#to, error);
    }
    this.bytes += part.length;
    this.#tellNow();
  }

  async startAgain(): Promise<void> {
    this.#hash = createHash('sha256');
    this.bytes = 0;
    await this.#target.truncate(0);
  }

  sha256(): string {
    return this.#hash.digest('hex');
  }

  #tellNow(): void {
    const now = performance.now();
    if (now - this.#toldAt < this.#tellEveryMs) return;
    this.#toldAt = now;
    const megabytes = (bytes: number) => Math.round(bytes / MEGABYTE);
    const of = this.totalBytes === null ? '' : ` of ${megabytes(this.totalBytes)}`;
    this.#tell(`${megabytes(this.bytes)}${of} MB`);
  }
}
