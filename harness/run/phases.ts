/** Where the time of a scenario went. */
export class Phases {
  readonly #done: { name: string; durationMs: number }[] = [];
  readonly #startedAt = performance.now();
  readonly #onBegin: (name: string) => void;
  #current: { name: string; from: number } | null = null;

  constructor(onBegin: (name: string) => void = () => {}) {
    this.#onBegin = onBegin;
  }

  /** Ends the current phase and begins the next. */
  begin(name: string): void {
    this.#close();
    this.#current = { name, from: performance.now() };
    this.#onBegin(name);
  }

  end(): { name: string; durationMs: number }[] {
    this.#close();
    return this.#done;
  }

  get totalMs(): number {
    return Math.round(performance.now() - this.#startedAt);
  }

  #close(): void {
    if (this.#current) {
      this.#done.push({ name: this.#current.name, durationMs: Math.round(performance.now() - this.#current.from) });
    }
    this.#current = null;
  }
}
