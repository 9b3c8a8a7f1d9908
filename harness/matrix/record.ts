import type { Result } from '../result/types.ts';

/** The record of `meshproof faults`, as written to results/<run>/faults.json. Documented in results/README.md. */
export interface FaultsRecord {
  apiVersion: 'meshproof/v1';
  kind: 'FaultsResult';
  /** `pass`: every world was right. `fail`: one was wrong. `inconclusive`: some did not get to their end. */
  verdict: 'pass' | 'fail' | 'inconclusive';
  /** ISO 8601. */
  startedAt: string;
  durationMs: number;
  /** Everything random came from it. */
  seed: number;
  repeat: number;
  /** Worlds side by side. */
  parallel: number;
  environment: Result['environment'];
  /** How many worlds there were to be. */
  planned: number;
  score: Score;
  /** In the order of the plan. */
  worlds: WorldRecord[];
  /** Set when the matrix did not get to its end. */
  error?: RecordedError;
}

export interface RecordedError {
  code: string;
  message: string;
  hint: string;
}

export interface Score {
  faults: Tally;
  clean: Tally;
  /** `right`: both named and nothing else; `bothNamed`: both named with their pods, whatever else was. */
  pairs: Tally & { bothNamed: number; wrongNamed: number };
}

export interface Tally {
  worlds: number;
  right: number;
  wrong: number;
  /** They did not get to a diagnosis. */
  errors: number;
}

export type WorldKind = 'fault' | 'clean' | 'pair';
export type Outcome = 'right' | 'wrong' | 'error';

export interface WorldRecord {
  /** Also its folder beside the record, which stays when it is not right. */
  name: string;
  kind: WorldKind;
  /** Names of the cases; empty for a clean one. */
  cases: string[];
  /** From 1. */
  repetition: number;
  /** Of its scenario. */
  seed: number;
  /** What was provoked, with what was drawn, a line each. */
  injected: string[];
  expected: NamedCause[];
  diagnosed: DiagnosedCauses[];
  outcome: Outcome;
  /** Why it is not right; empty when it is. */
  why: string;
  /** From the fault (from the start of Prometheus where it was there before) to the diagnosis; null: there was none. */
  faultToDiagnosisMs: number | null;
  /** How much of that was the diagnosing itself. */
  diagnosingMs: number | null;
  durationMs: number;
  error?: RecordedError;
}

export interface NamedCause {
  cause: string;
  /** `namespace/pod`, sorted. */
  pods: string[];
}

export interface DiagnosedCauses {
  /** Several: the evidence did not decide. */
  causes: string[];
  pods: string[];
  subject: string;
  summary: string;
}
