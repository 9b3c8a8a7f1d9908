import type { Answer, Question } from '../../evidence/types.ts';

/** What was asked so far and what came of it. Equal questions are one. */
export class Answers {
  readonly #byKey = new Map<string, Answer>();

  constructor(known: Iterable<readonly [Question, Answer]> = []) {
    for (const [question, answer] of known) this.add(question, answer);
  }

  add(question: Question, answer: Answer): void {
    this.#byKey.set(questionKey(question), answer);
  }

  get(question: Question): Answer | undefined {
    return this.#byKey.get(questionKey(question));
  }

  get size(): number {
    return this.#byKey.size;
  }
}

/** The same text for equal questions, whatever the order of their properties. */
export function questionKey(question: Question): string {
  return JSON.stringify(Object.entries(question).sort(([a], [b]) => (a < b ? -1 : 1)));
}
