import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { EnvHttpProxyAgent, fetch } from 'undici';
import { type ReleasePlace, releasePlace } from './mirror.ts';

/** A machine without a way out is to know soon. */
const CONNECT_TIMEOUT_MS = 5000;
const SILENCE_MS = 30_000;

/** A file as it comes: from which byte on, how many there are in all (null: it is not said), and the bytes. */
export interface Incoming {
  fromByte: number;
  totalBytes: number | null;
  body: AsyncIterable<Uint8Array>;
  /** Names what the file is now, so that the rest of the same one can be asked for; null: it can't. */
  validator: string | null;
}

/** A place with release files. */
export interface Source extends AsyncDisposable {
  /** For people; without a password. */
  nameOf(path: string): string;
  /**
   * @param rest asks for the bytes from there on, should the file still be the one with that validator
   * @throws Error with what happened
   */
  open(path: string, signal: AbortSignal, rest?: { fromByte: number; validator: string }): Promise<Incoming>;
}

/** The releases as MESHPROOF_RELEASES says, through HTTPS_PROXY and its kin. @throws Error */
export function openReleases(env: NodeJS.ProcessEnv): Source {
  const place = releasePlace(env);
  return place.kind === 'folder' ? new FolderSource(place.path) : new ServerSource(place, env);
}

class FolderSource implements Source {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  nameOf(path: string): string {
    return join(this.#folder, path);
  }

  async open(path: string): Promise<Incoming> {
    const file = this.nameOf(path);
    const { size } = await stat(file);
    return { fromByte: 0, totalBytes: size, body: createReadStream(file), validator: null };
  }

  async [Symbol.asyncDispose](): Promise<void> {}
}

class ServerSource implements Source {
  readonly #place: Extract<ReleasePlace, { kind: 'server' }>;
  readonly #agent: EnvHttpProxyAgent;

  constructor(place: Extract<ReleasePlace, { kind: 'server' }>, env: NodeJS.ProcessEnv) {
    this.#place = place;
    this.#agent = new EnvHttpProxyAgent({
      httpProxy: env.http_proxy ?? env.HTTP_PROXY ?? '',
      httpsProxy: env.https_proxy ?? env.HTTPS_PROXY ?? '',
      noProxy: env.no_proxy ?? env.NO_PROXY ?? '',
      connect: { timeout: CONNECT_TIMEOUT_MS },
      headersTimeout: SILENCE_MS,
      bodyTimeout: SILENCE_MS,
    });
  }

  nameOf(path: string): string {
    return `${this.#place.url}/${path}`;
  }

  async open(path: string, signal: AbortSignal, rest?: { fromByte: number; validator: string }): Promise<Incoming> {
    const response = await fetch(this.nameOf(path), {
      dispatcher: this.#agent,
      signal,
      headers: {
        // Checksums are of the file as it is published.
        'accept-encoding': 'identity',
        // Not sent on to another host, should this one redirect.
        ...(this.#place.authorization && { authorization: this.#place.authorization }),
        ...(rest && { range: `bytes=${rest.fromByte}-`, 'if-range': rest.validator }),
      },
    });
    if (!response.ok || !response.body) {
      await response.body?.cancel();
      throw new Error(statusText(response.status));
    }
    const { headers } = response;
    const range = response.status === 206 ? headers.get('content-range')?.match(/^bytes (\d+)-\d+\/(\d+)$/) : null;
    if (response.status === 206 && !range) {
      await response.body.cancel();
      throw new Error('it answers with a part of the file, and does not say which');
    }
    return {
      fromByte: range ? Number(range[1]) : 0,
      totalBytes: range ? Number(range[2]) : numberOf(headers.get('content-length')),
      body: response.body,
      validator: strong(headers.get('etag')) ?? headers.get('last-modified'),
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#agent.destroy();
  }
}

/** A weak one says that files mean the same, not that their bytes are. */
function strong(etag: string | null): string | null {
  return etag?.startsWith('"') ? etag : null;
}

function numberOf(text: string | null): number | null {
  return text !== null && /^\d+$/.test(text) ? Number(text) : null;
}

function statusText(status: number): string {
  if (status === 404) return 'status 404: there is no such file';
  if (status === 401 || status === 403) return `status ${status}: it may not be had`;
  if (status === 407) return 'Proxy Authentication Required (407)';
  if (status === 429) return 'status 429: too many downloads; wait a while';
  return `status ${status}`;
}
