import type { ErrorRule } from '../contract.ts';

/** The rule that applies to a request whose draw is u from (0, 1); null: none. */
export type ErrorChoice = (u: number) => ErrorRule | null;

/** Stacks the rules' rates on the unit interval: at most one applies, each with exactly its rate. */
export function errorChoiceOf(rules: readonly ErrorRule[]): ErrorChoice {
  if (rules.length === 0) return () => null;
  let sum = 0;
  const edges = rules.map((rule) => {
    sum += rule.rate;
    return sum;
  });
  return (u) => {
    for (let i = 0; i < edges.length; i += 1) if (u < edges[i]!) return rules[i]!;
    return null;
  };
}
