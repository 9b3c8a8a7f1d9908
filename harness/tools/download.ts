import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { EnvHttpProxyAgent, fetch } from 'undici';

/** A machine without a way out is to know soon. */
const CONNECT_TIMEOUT_MS = 5000;
const SILENCE_MS = 30_000;
const DEADLINE_MS = 15 * 60_000;
const MAX_TEXT_BYTES = 1 << 20;

/** Downloads over HTTP, through the user's proxy when the environment names one. */
export class Downloader implements AsyncDisposable {
  readonly #agent = new EnvHttpProxyAgent({
    connect: { timeout: CONNECT_TIMEOUT_MS },
    headersTimeout: SILENCE_MS,
    bodyTimeout: SILENCE_MS,
  });
  readonly #signal: AbortSignal;

  constructor(signal: AbortSignal | undefined) {
    const deadline = AbortSignal.timeout(DEADLINE_MS);
    this.#signal = signal ? AbortSignal.any([signal, deadline]) : deadline;
  }

  /** A small text. @throws Error with the URL and what happened */
  async text(url: string): Promise<string> {
    const parts: Buffer[] = [];
    await this.#each(url, async (body) => {
      let length = 0;
      for await (const part of body) {
        length += (part as Buffer).length;
        if (length > MAX_TEXT_BYTES) throw new Error('it is no checksum file: too long');
        parts.push(part as Buffer);
      }
    });
    return Buffer.concat(parts).toString('utf8');
  }

  /** Into a file. @returns its sha256, in hexadecimal @throws Error with the URL and what happened */
  async file(url: string, to: string): Promise<string> {
    const hash = createHash('sha256');
    await this.#each(url, (body) => {
      body.on('data', (part: Buffer) => hash.update(part));
      return pipeline(body, createWriteStream(to));
    });
    return hash.digest('hex');
  }

  async #each(url: string, read: (body: Readable) => Promise<void>): Promise<void> {
    try {
      const response = await fetch(url, { dispatcher: this.#agent, signal: this.#signal });
      if (!response.ok || !response.body) {
        await response.body?.cancel();
        throw new Error(`status ${response.status}`);
      }
      await read(Readable.fromWeb(response.body));
    } catch (error) {
      throw new Error(`${url}: ${reason(error)}`, { cause: error });
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#agent.destroy();
  }
}

/** What the system said, which fetch hides below "fetch failed". */
function reason(error: unknown): string {
  const { message, cause } = error as Error;
  if (!(cause instanceof Error)) return message;
  return (cause as NodeJS.ErrnoException).code ?? cause.message;
}
