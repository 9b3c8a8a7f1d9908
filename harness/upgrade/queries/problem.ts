import { describe, HarnessError } from '../../core/errors.ts';
import type { InputProblem } from '../../result/upgrade/types.ts';

/** @param options.whole the whole input is lost */
export function problem(
  place: string,
  code: string,
  message: string,
  hint: string,
  options: { whole?: boolean } = {},
): InputProblem {
  return { place, code, message, hint, whole: options.whole ?? false };
}

/** An error as the problem of an input that is lost by it. */
export function problemOf(place: string, error: unknown, code: string, hint: string): InputProblem {
  const known = error instanceof HarnessError ? error : null;
  return problem(place, known?.code ?? code, describe(error), known?.hint ?? hint, { whole: true });
}
