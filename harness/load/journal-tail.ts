import { closeSync, openSync, readSync } from 'node:fs';
import { GRPC_FAILURES } from '../core/outcome.ts';

/** What the journal of a load generator says so far. */
export interface JournalCounts {
  /** Requests begun. */
  started: number;
  /** Requests that ended, with an answer or without. */
  ended: number;
  /** Of those: without an answer, or with one that is a failure: a 5xx, certain codes of gRPC. */
  failed: number;
}

const CHUNK_BYTES = 1 << 18;

/** `e,<id>,<t>,<status>,<tFirstByte>,<pod>,<meshError>,<grpc>`: a 5xx, or a code of gRPC that is a failure. */
function isFailure(line: string): boolean {
  const [, , , status, , , , grpc = ''] = line.split(',', 8);
  return Number(status) >= 500 || (grpc !== '' && grpc !== '-' && GRPC_FAILURES.has(Number(grpc)));
}

/** Follows a journal while it is written, counting its lines. Reads only what is new. */
export class JournalTail {
  readonly counts: JournalCounts = { started: 0, ended: 0, failed: 0 };
  /** Time stamp of the H line, epoch ms: the origin. */
  originMs: number | null = null;
  /** Time stamp of the Z line, epoch ms. */
  endMs: number | null = null;
  readonly #file: string;
  readonly #buffer = Buffer.allocUnsafe(CHUNK_BYTES);
  #position = 0;
  #rest = '';

  constructor(file: string) {
    this.#file = file;
  }

  /** Takes in what was written since the last call; nothing happens when there is no file yet. */
  read(): void {
    let fd: number;
    try {
      fd = openSync(this.#file, 'r');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
      throw error;
    }
    try {
      for (;;) {
        const bytes = readSync(fd, this.#buffer, 0, CHUNK_BYTES, this.#position);
        if (bytes === 0) return;
        this.#position += bytes;
        // The journal is ASCII: text fields are percent-encoded.
        const lines = (this.#rest + this.#buffer.toString('latin1', 0, bytes)).split('\n');
        this.#rest = lines.pop() ?? '';
        for (const line of lines) this.#take(line);
      }
    } finally {
      closeSync(fd);
    }
  }

  #take(line: string): void {
    switch (line.charAt(0)) {
      case 's':
        this.counts.started++;
        break;
      case 'e':
        this.counts.ended++;
        if (isFailure(line)) this.counts.failed++;
        break;
      case 'x':
        this.counts.ended++;
        this.counts.failed++;
        break;
      case 'H':
        this.originMs = Number(line.slice(line.lastIndexOf(',') + 1));
        break;
      case 'Z':
        this.endMs = Number(line.slice(line.lastIndexOf(',') + 1));
        break;
    }
  }
}
