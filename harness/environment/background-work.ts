/** Work that goes on beside a run, whose failure is asked for and which ends with the environment. */
export class BackgroundWork implements AsyncDisposable {
  readonly #cancel = new AbortController();
  readonly #running: Promise<void>[] = [];
  #failure: Error | null = null;

  protected begin(work: (signal: AbortSignal) => Promise<void>): void {
    this.#running.push(
      work(this.#cancel.signal).catch((error) => {
        if (!this.#cancel.signal.aborted) this.#failure ??= error as Error;
      }),
    );
  }

  /** Resolves when all of it is over. @throws what made one fail */
  async done(): Promise<void> {
    await Promise.all(this.#running);
    this.check();
  }

  check(): void {
    if (this.#failure) throw this.#failure;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#cancel.abort(new Error('the environment is being taken down'));
    await Promise.all(this.#running);
  }
}
