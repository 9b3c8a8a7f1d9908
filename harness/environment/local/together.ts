/** Part of a stack of resources whose members are disposed of all at the same time. */
export class Together implements AsyncDisposable {
  readonly #members: AsyncDisposable[] = [];

  constructor(stack: AsyncDisposableStack) {
    stack.use(this);
  }

  use<T extends AsyncDisposable>(member: T): T {
    this.#members.push(member);
    return member;
  }

  /** Each is disposed of, whatever becomes of the others. @throws what the first threw that failed */
  async [Symbol.asyncDispose](): Promise<void> {
    const outcomes = await Promise.allSettled(this.#members.map(async (member) => member[Symbol.asyncDispose]()));
    const failed = outcomes.find((outcome) => outcome.status === 'rejected');
    if (failed) throw failed.reason;
  }
}
