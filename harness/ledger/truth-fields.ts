import { HarnessError } from '../core/errors.ts';

/** The fields of one line, each read strictly. */
export class Fields {
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

  /** gRPC's code, `missing` for an end without trailers; null when empty, as for HTTP. */
  grpc(i: number): number | 'missing' | null {
    const text = this.#fields[i]!;
    if (text === '') return null;
    if (text === '-') return 'missing';
    return /^(\d|1[0-6])$/.test(text) ? Number(text) : this.fail(`bad gRPC code "${text}"`);
  }

  /** Bytes. */
  count(i: number): number {
    const text = this.#fields[i]!;
    return /^(0|[1-9]\d{0,15})$/.test(text) ? Number(text) : this.fail(`bad count "${text}"`);
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

export function bad(at: string, what: string, line: string): HarnessError {
  const shown = line.length > 120 ? `${line.slice(0, 120)}...` : line;
  return new HarnessError('BAD_JOURNAL', `${at}: ${what}: ${shown}`, {
    hint: 'a truth ledger that does not read back proves nothing; the journals are kept with the run',
  });
}
