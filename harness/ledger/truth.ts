import { JOURNAL_VERSION } from '../../sim-services/contract.ts';
import { HarnessError } from '../core/errors.ts';
import type { MadeRequest, ServedRequest, TruthJournal } from './types.ts';

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

const OPEN = { firstByteMs: null, endMs: null, outcome: 'open', status: 0 } as const;

/** Builds one journal from its lines. */
class JournalReader {
  readonly journal: ParsedJournal;
  readonly #served = new Map<string, ServedRequest>();
  readonly #made = new Map<string, MadeRequest>();

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
    Object.assign(request, { status, firstByteMs, outcome: 'completed' });
  }

  #requestAborted(f: Fields): void {
    const request = pending(this.#served, f);
    request.endMs = f.timeFrom(2, request.startMs);
    request.outcome = f.oneOf(3, ['client-gone', 'reset', 'reset-mid-body'] as const);
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
    request.outcome = 'completed';
  }

  #callGivenUp(f: Fields): void {
    const request = pending(this.#made, f);
    request.endMs = f.timeFrom(2, request.startMs);
    request.outcome = f.oneOf(3, ['timeout', 'connection'] as const);
    request.status = f.statusOrNone(4);
  }
}

/** Number of fields, the kind included. */
const ARITY: Record<string, number> = { S: 6, B: 4, E: 5, X: 5, s: 6, e: 7, x: 5, Z: 2 };

function begin<T>(requests: Map<string, T>, f: Fields, request: T): void {
  const id = f.id(1);
  if (requests.has(id)) f.fail(`id ${id} begins twice`);
  requests.set(id, request);
}

/** The request of a line that continues or ends it. */
function pending<T extends { outcome: string }>(requests: Map<string, T>, f: Fields): T {
  const id = f.id(1);
  const request = requests.get(id);
  if (!request) return f.fail(`id ${id} never began`);
  if (request.outcome !== 'open') f.fail(`id ${id} has already ended`);
  return request;
}

/** The fields of one line, each read strictly. */
class Fields {
  readonly #fields: string[];
  readonly #line: string;
  readonly #at: string;

  constructor(line: string, at: string, arity: number) {
    this.#line = line;
    this.#at = at;
    this.#fields = line.split(',');
    if (this.#fields.length !== arity) this.fail(`${this.#fields.length} fields where ${arity} are due`);
  }

  id(i: number): string {
    const text = this.#fields[i]!;
    return /^[1-9]\d*$/.test(text) ? text : this.fail(`bad id "${text}"`);
  }

  /** Epoch ms with exactly three decimals. */
  time(i: number): number {
    const text = this.#fields[i]!;
    return /^\d+\.\d{3}$/.test(text) ? Number(text) : this.fail(`bad time "${text}"`);
  }

  timeFrom(i: number, fromMs: number): number {
    const ms = this.time(i);
    return ms >= fromMs ? ms : this.fail(`time ${this.#fields[i]} lies before what must precede it`);
  }

  status(i: number): number {
    const text = this.#fields[i]!;
    return /^[1-9]\d\d$/.test(text) ? Number(text) : this.fail(`bad status "${text}"`);
  }

  statusOrNone(i: number): number {
    return this.#fields[i] === '0' ? 0 : this.status(i);
  }

  text(i: number): string {
    return this.textOrNone(i) || this.fail(`field ${i + 1} is empty`);
  }

  textOrNone(i: number): string {
    const text = this.#fields[i]!;
    try {
      return text.includes('%') ? decodeURIComponent(text) : text;
    } catch {
      return this.fail(`bad percent-encoding "${text}"`);
    }
  }

  oneOf<T extends string>(i: number, values: readonly T[]): T {
    const text = this.#fields[i]!;
    return values.find((value) => value === text) ?? this.fail(`"${text}" is none of ${values.join(', ')}`);
  }

  fail(what: string): never {
    throw bad(this.#at, what, this.#line);
  }
}

function bad(at: string, what: string, line: string): HarnessError {
  const shown = line.length > 120 ? `${line.slice(0, 120)}...` : line;
  return new HarnessError('BAD_JOURNAL', `${at}: ${what}: ${shown}`, {
    hint: 'a truth ledger that does not read back proves nothing; the journals are kept with the run',
  });
}
