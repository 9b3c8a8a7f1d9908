import { JOURNAL_VERSION } from '../../sim-services/contract.ts';
import { bad, Fields } from './truth-fields.ts';
import type { AcceptedConnection, MadeConnection, MadeRequest, ServedRequest, TruthJournal } from './types.ts';

/** A journal and what became of its last line. */
export interface ParsedJournal extends TruthJournal {
  /** The last line when a kill cut it off; it is not counted. Null when the journal ends with a whole line. */
  cutLine: string | null;
}

/** The services' `/truth` ends a cut line with this; no whole line of a journal ends so. */
const CUT_MARK = '%';

/**
 * Reads journals in the format of sim-services/contract.ts. A text may hold several, each beginning with its H line; they
 * come back in the order they were written. A last line that a SIGKILL cut off is left out and reported in `cutLine`.
 * @throws HarnessError BAD_JOURNAL naming text and line (both from 1)
 */
export function parseJournals(texts: string[]): ParsedJournal[] {
  return texts.flatMap((text, index) => parseText(text, `journal ${index + 1}`));
}

function parseText(text: string, source: string): ParsedJournal[] {
  const lines = text.split('\n');
  const rest = lines.pop()!;
  if (rest !== '') lines.push(rest + CUT_MARK);
  const journals: ParsedJournal[] = [];
  let open: JournalReader | null = null;
  let cutBefore = false;
  lines.forEach((line, i) => {
    const at = `${source}, line ${i + 1}`;
    const cut = line.endsWith(CUT_MARK) ? line.slice(0, -CUT_MARK.length) : null;
    if (line.startsWith('H')) {
      // A header that was cut tells nothing but that an incarnation began.
      open = cut === null ? new JournalReader(line, at) : null;
      if (open) journals.push(open.journal);
    } else if (cutBefore) {
      throw bad(at, 'something follows a line that was cut off', line);
    } else if (!open) {
      throw bad(at, 'a journal must begin with H', line);
    } else if (cut !== null) {
      open.journal.cutLine = cut;
    } else {
      open.read(line, at);
    }
    cutBefore = cut !== null;
  });
  return journals;
}

const OPEN = { firstByteMs: null, endMs: null, outcome: 'open', status: 0, grpc: null } as const;
const OPEN_CONNECTION = { closeMs: null, outcome: 'open', readBytes: 0, writtenBytes: 0 } as const;

/** Builds one journal from its lines. */
class JournalReader {
  readonly journal: ParsedJournal;
  readonly #served = new Map<string, ServedRequest>();
  readonly #made = new Map<string, MadeRequest>();
  readonly #accepted = new Map<string, AcceptedConnection>();
  readonly #connected = new Map<string, MadeConnection>();

  constructor(header: string, at: string) {
    const f = new Fields(header, at, 6);
    if (f.text(1) !== String(JOURNAL_VERSION)) f.fail(`version ${f.text(1)} is not ${JOURNAL_VERSION}`);
    this.journal = {
      workload: f.text(2),
      pod: f.text(3),
      incarnation: f.text(4),
      startMs: f.time(5),
      endMs: null,
      served: [],
      made: [],
      accepted: [],
      connected: [],
      cutLine: null,
    };
  }

  read(line: string, at: string): void {
    const kind = line[0] ?? '';
    const arity = ARITY[kind];
    if (arity === undefined || line[1] !== ',') throw bad(at, 'unknown kind of line', line);
    const f = new Fields(line, at, arity);
    if (this.journal.endMs !== null) f.fail('something follows the end (Z)');
    switch (kind) {
      case 'S':
        this.#requestStarted(f);
        break;
      case 'B':
        this.#firstPiece(f);
        break;
      case 'E':
        this.#requestCompleted(f);
        break;
      case 'X':
        this.#requestAborted(f);
        break;
      case 's':
        this.#callStarted(f);
        break;
      case 'e':
        this.#callCompleted(f);
        break;
      case 'x':
        this.#callGivenUp(f);
        break;
      case 'O':
        this.#connectionAccepted(f);
        break;
      case 'C':
        this.#acceptedClosed(f);
        break;
      case 'o':
        this.#connecting(f);
        break;
      case 'c':
        this.#connectedClosed(f);
        break;
      case 'Z':
        this.journal.endMs = f.time(1);
    }
  }

  #requestStarted(f: Fields): void {
    const request: ServedRequest = {
      caller: f.text(3),
      method: f.text(4),
      route: f.text(5),
      startMs: f.time(2),
      ...OPEN,
    };
    begin(this.#served, f, request);
    this.journal.served.push(request);
  }

  #firstPiece(f: Fields): void {
    const request = pending(this.#served, f);
    if (request.firstByteMs !== null) f.fail('a second first byte');
    request.firstByteMs = f.timeFrom(2, request.startMs);
    request.status = f.status(3);
  }

  #requestCompleted(f: Fields): void {
    const request = pending(this.#served, f);
    const status = f.status(3);
    const firstByteMs = f.timeFrom(4, request.startMs);
    if (request.firstByteMs !== null && (request.firstByteMs !== firstByteMs || request.status !== status)) {
      f.fail('status or first byte differ from line B');
    }
    request.endMs = f.timeFrom(2, firstByteMs);
    Object.assign(request, { status, firstByteMs, outcome: 'completed', grpc: f.grpc(5) });
  }

  #requestAborted(f: Fields): void {
    const request = pending(this.#served, f);
    request.endMs = f.timeFrom(2, request.startMs);
    request.outcome = f.oneOf(3, ['client-gone', 'reset', 'closed', 'reset-mid-body'] as const);
    request.status = f.statusOrNone(4);
  }

  #callStarted(f: Fields): void {
    const request: MadeRequest = {
      callee: f.text(3),
      method: f.text(4),
      route: f.text(5),
      startMs: f.time(2),
      ...OPEN,
      pod: '',
      meshError: '',
    };
    begin(this.#made, f, request);
    this.journal.made.push(request);
  }

  #callCompleted(f: Fields): void {
    const request = pending(this.#made, f);
    request.status = f.status(3);
    request.firstByteMs = f.timeFrom(4, request.startMs);
    request.endMs = f.timeFrom(2, request.firstByteMs);
    request.pod = f.textOrNone(5);
    request.meshError = f.textOrNone(6);
    request.grpc = f.grpc(7);
    request.outcome = 'completed';
  }

  #callGivenUp(f: Fields): void {
    const request = pending(this.#made, f);
    request.endMs = f.timeFrom(2, request.startMs);
    request.outcome = f.oneOf(3, ['timeout', 'connection'] as const);
    request.status = f.statusOrNone(4);
  }

  #connectionAccepted(f: Fields): void {
    // Who calls is known when the preamble has been read; the journal says it at the end.
    const connection: AcceptedConnection = { caller: '-', openMs: f.time(2), ...OPEN_CONNECTION };
    begin(this.#accepted, f, connection);
    this.journal.accepted.push(connection);
  }

  #acceptedClosed(f: Fields): void {
    const connection = pending(this.#accepted, f);
    connection.closeMs = f.timeFrom(2, connection.openMs);
    connection.caller = f.text(3);
    connection.readBytes = f.count(4);
    connection.writtenBytes = f.count(5);
    connection.outcome = f.oneOf(6, ['closed', 'reset'] as const);
  }

  #connecting(f: Fields): void {
    const connection: MadeConnection = { callee: f.text(3), openMs: f.time(2), ...OPEN_CONNECTION, pod: '' };
    begin(this.#connected, f, connection);
    this.journal.connected.push(connection);
  }

  #connectedClosed(f: Fields): void {
    const connection = pending(this.#connected, f);
    connection.closeMs = f.timeFrom(2, connection.openMs);
    connection.readBytes = f.count(3);
    connection.writtenBytes = f.count(4);
    connection.outcome = f.oneOf(5, ['closed', 'reset', 'refused', 'timeout'] as const);
    connection.pod = f.textOrNone(6);
  }
}

/** Number of fields, the kind included. */
const ARITY: Record<string, number> = { S: 6, B: 4, E: 6, X: 5, s: 6, e: 8, x: 5, O: 3, C: 7, o: 4, c: 7, Z: 2 };

function begin<T>(known: Map<string, T>, f: Fields, one: T): void {
  const id = f.id(1);
  if (known.has(id)) f.fail(`id ${id} begins twice`);
  known.set(id, one);
}

/** The request or connection of a line that continues or ends it. */
function pending<T extends { outcome: string }>(known: Map<string, T>, f: Fields): T {
  const id = f.id(1);
  const one = known.get(id);
  if (!one) return f.fail(`id ${id} never began`);
  if (one.outcome !== 'open') f.fail(`id ${id} has already ended`);
  return one;
}
