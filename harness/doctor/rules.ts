import { eachOf } from '../core/each-of.ts';
import type { Answer, Evidence, Question } from '../evidence/types.ts';
import type { PrometheusClient } from '../prometheus/client.ts';
import { type StaticProblem, staticFacts, staticProblems } from '../verdict/diagnose/rules/queries/static.ts';
import type { RuleReport } from './types.ts';

interface RawRule {
  name: string;
  query: string;
  type: 'alerting' | 'recording';
  lastError?: string;
}

/** Chains of questions about one expression are shorter. */
const MAX_ROUNDS = 10;
const AT_ONCE = 8;

/**
 * Every alert and recording rule of a Prometheus with what is wrong with its expression: as it stands, or because it selects
 * nothing now.
 * @param answer must not reject
 * @throws HarnessError PROMETHEUS_UNREACHABLE, PROMETHEUS_ERROR when the rules themselves can't be read
 */
export async function ruleReports(
  client: Pick<PrometheusClient, 'read'>,
  evidence: Evidence,
  answer: (question: Question) => Promise<Answer>,
): Promise<RuleReport[]> {
  const { groups } = (await client.read('/api/v1/rules')) as { groups?: { name: string; rules?: RawRule[] }[] };
  const rules = (groups ?? []).flatMap((group) => (group.rules ?? []).map((rule) => ({ ...rule, group: group.name })));
  const recording = rules.filter(({ type }) => type === 'recording');
  const recorded = new Map(recording.map(({ name, query }) => [name, query]));
  const answers = new Map<string, Answer>();
  for (let round = 0; ; round++) {
    const open = new Map<string, Question>();
    const ask = (question: Question) => {
      const key = JSON.stringify(question);
      const known = answers.get(key);
      if (!known) open.set(key, question);
      return known;
    };
    const facts = staticFacts(evidence, ask, recorded);
    const found = rules.map(({ query }) => staticProblems(query, facts));
    if (open.size === 0 || round === MAX_ROUNDS) return rules.map((rule, i) => reportOf(rule, found[i]!));
    await eachOf([...open], AT_ONCE, async ([key, question]) => answers.set(key, await answer(question)));
  }
}

function reportOf(
  { group, name, type, query, lastError }: RawRule & { group: string },
  found: StaticProblem[],
): RuleReport {
  const failed = lastError
    ? [{ cause: null, part: query, message: `Prometheus could not evaluate it: ${lastError}`, instead: '' }]
    : [];
  return { group, name, type, expr: query, problems: [...failed, ...found.map((one) => ({ ...one }))] };
}

/** It selects nothing, for no reason that is known: it may be waiting for what has never happened. */
export function isEmpty({ cause, message }: RuleReport['problems'][number]): boolean {
  return cause === null && message === 'it selects nothing';
}

/** Nobody has judged it: Prometheus reads it, and we do not. */
export function isUnread(rule: RuleReport): boolean {
  return rule.problems.some(({ unread }) => unread);
}

/** It can't say what it seems to, whatever happens. */
export function isWrong(rule: RuleReport): boolean {
  return rule.problems.some((problem) => !isEmpty(problem) && !problem.unread);
}
