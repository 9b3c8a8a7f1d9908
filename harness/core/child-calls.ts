import { HarnessError } from './errors.ts';
import { type Child, childDied } from './process.ts';

/** What a child answers to a request. */
export type ChildReply =
  | { id: number; ok: true; value?: unknown }
  | { id: number; ok: false; error: { code: string; message: string; hint: string } };

type Body<T> = T extends { id: number } ? Omit<T, 'id'> : never;

/** Requests to a child process over its IPC channel, each answered by a reply of the same number. */
export class ChildCalls<Command extends { id: number }> {
  readonly #child: Child;
  readonly #waiting = new Map<number, { resolve: (value: unknown) => void; reject: (error: Error) => void }>();
  #nextId = 1;

  /** @param onOther told of messages that are no replies */
  constructor(child: Child, onOther: (message: unknown) => void = () => {}) {
    this.#child = child;
    child.onMessage((message) => {
      if (isReply(message)) this.#settle(message);
      else onOther(message);
    });
    void child.exited.then(() => {
      for (const { reject } of this.#waiting.values()) reject(childDied(child));
      this.#waiting.clear();
    });
  }

  /** The value of the reply. @throws HarnessError as the child reports it; CHILD_DIED when it ends before it has answered */
  request(body: Body<Command>): Promise<unknown> {
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      try {
        this.#child.send({ id, ...body });
      } catch (error) {
        this.#waiting.delete(id);
        reject(error as Error);
      }
    });
  }

  #settle(reply: ChildReply): void {
    const waiting = this.#waiting.get(reply.id);
    if (!waiting) return;
    this.#waiting.delete(reply.id);
    if (reply.ok) waiting.resolve(reply.value);
    else waiting.reject(new HarnessError(reply.error.code, reply.error.message, { hint: reply.error.hint }));
  }
}

function isReply(message: unknown): message is ChildReply {
  return typeof message === 'object' && message !== null && 'id' in message && 'ok' in message;
}
