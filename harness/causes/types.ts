import type { CauseId } from './ids.ts';

/** One entry of the catalogue: everything that its page in docs/causes/ says, but for the scenario that reproduces it. */
export interface Cause {
  id: CauseId;
  /** A few words, as a heading and in the terminal: `RBAC does not let Prometheus list pods`. */
  title: string;
  /**
   * `fault`: wrong by itself, named whenever the evidence shows it. `reading`: as designed by Linkerd or Prometheus, but not
   * what people take it for; named only to explain a comparison that failed.
   */
  kind: 'fault' | 'reading';
  /** What people see first: in a dashboard, in `linkerd viz stat`, in Prometheus. One to three sentences. */
  symptom: string;
  /** Where it shows, a line each: what the rule looks at. */
  evidence: string[];
  /** Why this causes the symptom; with the versions that are concerned, and the source (facts, a specification). */
  reason: string;
  /** What to do, a line each; commands and configuration ready to paste where there are any, but for the names of placeholders.ts. */
  remedy: string[];
  /** What else shows the same symptom, and how they are told apart. */
  looksLike: { cause: CauseId; toldApartBy: string }[];
  /** The question that decides, as the rule asks it. */
  question: string;
}
