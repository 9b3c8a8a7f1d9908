import { closeSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { epochMs } from '../clock.ts';
import { JOURNAL_VERSION } from '../contract.ts';
import { EXIT, ServiceFailure } from '../failure.ts';
import { encoded, stamp } from './encode.ts';

export const JOURNAL_SUFFIX = '.journal';
/** The field of gRPC's code for what is not gRPC, and for gRPC without trailers. */
export const NO_CODE = '';
export const NO_TRAILERS = '-';

/** Why a request that was begun will never be answered in full. */
export type AbortReason = 'client-gone' | 'reset' | 'closed' | 'reset-mid-body';
export type GiveUpReason = 'timeout' | 'connection';
/** How a TCP connection ended for the one who made it. */
export type ConnectionEnd = 'closed' | 'reset' | 'refused' | 'timeout';

/** Of a TCP connection, as its user counts them. */
export interface ByteCounts {
  read: number;
  written: number;
}

/** Where a journal is, and what its first line says. */
export interface JournalIdentity {
  dir: string;
  /** `namespace/workload`. */
  workload: string;
  pod: string;
  incarnation: string;
}

/**
 * One incarnation's truth ledger, as contract.ts defines it. A moment is in the kernel's hands, by write(2) to a descriptor
 * opened for appending, before anything that it leads to can be seen by another process, so a SIGKILL loses nothing that
 * anyone else knows of. Moments that others see (a call, a piece of an answer, its end) are written at once. Those that
 * only this process knows yet (a request has been read, an answer has come) wait for the next of these, until the end of
 * the turn of the event loop at most, which halves the writes. Stamps are taken as lines are made. After close() moments
 * are dropped: the journal has ended.
 */
export class Journal {
  readonly file: string;
  readonly #fd: number;
  readonly #onLost: (failure: ServiceFailure) => never;
  #served = 0;
  #made = 0;
  #closed = false;
  /** Lines that only this process knows of yet. */
  #held = '';
  readonly #flush = () => this.flush();

  /**
   * @param onLost called when a line could not be written; must not return, because what follows would go unrecorded
   * @throws ServiceFailure JOURNAL_EXISTS, JOURNAL_NOT_WRITABLE
   */
  constructor(identity: JournalIdentity, onLost: (failure: ServiceFailure) => never) {
    this.file = join(identity.dir, `${encoded(identity.incarnation)}${JOURNAL_SUFFIX}`);
    this.#onLost = onLost;
    this.#fd = openNew(this.file, identity);
    const { workload, pod, incarnation } = identity;
    this.#write(
      `H,${JOURNAL_VERSION},${encoded(workload)},${encoded(pod)},${encoded(incarnation)},${stamp(epochMs())}\n`,
    );
  }

  /** S. Texts are given encoded. Returns the id; `startMs` is stamped by the caller, who needs it too. */
  requestStarted(startMs: number, caller: string, method: string, route: string): number {
    this.#served += 1;
    this.#hold(`S,${this.#served},${stamp(startMs)},${caller},${method},${route}\n`);
    return this.#served;
  }

  /** B. Returns the stamp. */
  firstPiece(id: number, status: number): number {
    const t = epochMs();
    this.#write(`B,${id},${stamp(t)},${status}\n`);
    return t;
  }

  /** E. `firstByteMs` null: this write is the first as well; `grpc` as the contract has it. Returns the stamp. */
  requestCompleted(id: number, status: number, firstByteMs: number | null, grpc: string): number {
    const t = epochMs();
    const text = stamp(t);
    this.#write(`E,${id},${text},${status},${firstByteMs === null ? text : stamp(firstByteMs)},${grpc}\n`);
    return t;
  }

  /** X. `status` 0 when no headers were sent. */
  requestAborted(id: number, reason: AbortReason, status: number): void {
    this.#write(`X,${id},${stamp(epochMs())},${reason},${status}\n`);
  }

  /** s. Texts are given encoded. Returns the id. */
  callStarted(callee: string, method: string, route: string): number {
    this.#made += 1;
    this.#write(`s,${this.#made},${stamp(epochMs())},${callee},${method},${route}\n`);
    return this.#made;
  }

  /** e. `firstByteMs` null: there was no body. Texts are given encoded; `grpc` as the contract has it. */
  callCompleted(
    id: number,
    status: number,
    firstByteMs: number | null,
    pod: string,
    meshError: string,
    grpc: string,
  ): void {
    const text = stamp(epochMs());
    const first = firstByteMs === null ? text : stamp(firstByteMs);
    this.#hold(`e,${id},${text},${status},${first},${pod},${meshError},${grpc}\n`);
  }

  /** x. `status` 0 when no headers were read. */
  callGivenUp(id: number, reason: GiveUpReason, status: number): void {
    this.#write(`x,${id},${stamp(epochMs())},${reason},${status}\n`);
  }

  /** O. Returns the id, of the numbers that requests have too. */
  connectionAccepted(): number {
    this.#served += 1;
    this.#write(`O,${this.#served},${stamp(epochMs())}\n`);
    return this.#served;
  }

  /** C. `caller` is given encoded. Returns the stamp. */
  acceptedClosed(id: number, caller: string, bytes: ByteCounts, how: 'closed' | 'reset'): number {
    const t = epochMs();
    this.#write(`C,${id},${stamp(t)},${caller},${bytes.read},${bytes.written},${how}\n`);
    return t;
  }

  /** o. `callee` is given encoded. Returns the id, of the numbers that calls have too. */
  connecting(callee: string): number {
    this.#made += 1;
    this.#write(`o,${this.#made},${stamp(epochMs())},${callee}\n`);
    return this.#made;
  }

  /** c. `pod` is given encoded. */
  connectedClosed(id: number, bytes: ByteCounts, how: ConnectionEnd, pod: string): void {
    this.#write(`c,${id},${stamp(epochMs())},${bytes.read},${bytes.written},${how},${pod}\n`);
  }

  /** Writes what is held: something is about to be seen that no line of its own tells of. */
  flush(): void {
    this.#write('');
  }

  /** Z: a clean end. */
  close(): void {
    if (this.#closed) return;
    this.#write(`Z,${stamp(epochMs())}\n`);
    this.#closed = true;
    closeSync(this.#fd);
  }

  #hold(line: string): void {
    if (this.#held === '') setImmediate(this.#flush);
    this.#held += line;
  }

  #write(line: string): void {
    if (this.#closed) return;
    const lines = this.#held + line;
    if (lines === '') return;
    this.#held = '';
    try {
      // All text is percent-encoded, so characters are bytes. A full disk may take a part of a line first.
      for (let rest = lines; rest.length > 0; ) rest = rest.slice(writeSync(this.#fd, rest, null, 'latin1'));
    } catch (cause) {
      this.#onLost(
        new ServiceFailure('JOURNAL_LOST', EXIT.io, `${this.file} can't be written: ${(cause as Error).message}`, {
          file: this.file,
        }),
      );
    }
  }
}

function openNew(file: string, identity: JournalIdentity): number {
  try {
    return openSync(file, 'ax');
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'EEXIST') {
      throw new ServiceFailure(
        'JOURNAL_EXISTS',
        EXIT.config,
        `${file} exists: incarnation ${identity.incarnation} of pod ${identity.pod} has run before; name this one differently`,
        { file },
      );
    }
    throw new ServiceFailure('JOURNAL_NOT_WRITABLE', EXIT.io, `${file} can't be made: ${(cause as Error).message}`, {
      file,
    });
  }
}
