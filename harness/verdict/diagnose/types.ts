import type { CauseId } from '../../causes/ids.ts';
import type { Answer, Evidence, Question } from '../../evidence/types.ts';
import type { QueryResult } from '../../result/types.ts';
import type { JudgeInput, Judgement } from '../judge.ts';

/** All that a diagnosis sees. Never what was injected. */
export interface DiagnosisInput {
  evidence: Evidence;
  /** What was run and how it was judged; null where nothing was (`meshproof doctor`). */
  run: RunFacts | null;
}

/** A run as its verdict knows it: the declared topology, the truth, the ledgers, the failed comparisons. */
export interface RunFacts {
  input: JudgeInput;
  judgement: Judgement;
  /** What the scenario's queries were expected to show, and showed (`expect.queries`). */
  queries: QueryResult[];
}

/**
 * A rule: evidence in; findings out, or the next question. Pure: called again, with more answers, until nobody asks any more.
 * One that depends on a question without an answer returns what it knows without it.
 */
export interface Rule {
  /** Those that it can name. */
  causes: readonly [CauseId, ...CauseId[]];
  /** What it looks at, for people: `targets`, `pods`, `stored:up`. */
  needs: readonly string[];
  diagnose(input: DiagnosisInput, ask: Ask): Finding[];
}

/** undefined: not asked yet; it will be, and the rule is called again. */
export type Ask = (question: Question) => Answer | undefined;

export interface Finding {
  /** One: decided. Several: the evidence does not decide between them. */
  causes: readonly [CauseId, ...CauseId[]];
  /** `namespace/pod`, those whose telemetry is concerned. Empty: it concerns no pod more than another (a query). */
  pods: string[];
  /** What else it is about: a job, a label, a port, a query. May be empty. */
  subject: string;
  /** One sentence with names and numbers. */
  summary: string;
  /** The facts that led to it, each with where it was read. */
  evidence: string[];
  /**
   * What to do here, with this mesh's own names; absent: the catalogue's remedy.
   */
  remedy?: string[];
}
