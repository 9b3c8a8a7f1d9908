import type { Path } from '../error.ts';
import type { Completeness } from '../recover.ts';

/** Where the steps of normalising report what they find. */
export interface Context {
  report(path: Path, message: string, hint: string): void;
  /** What is missing because it was invalid; nothing is said to be absent that was only taken out. */
  complete: Completeness;
  /** Nothing was taken out of what stands there; what is empty was written so. */
  isWhole(path: Path): boolean;
  /** The scenario's namespace. */
  namespace: string;
  /** Text of a file, named from the scenario's folder, or why it can't be read. */
  readFile(path: string): { text: string } | { problem: string; hint: string };
}
