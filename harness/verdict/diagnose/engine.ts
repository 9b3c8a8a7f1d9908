import { causeOf } from '../../causes/index.ts';
import { eachOf } from '../../core/each-of.ts';
import type { Answer, Question } from '../../evidence/types.ts';
import { Answers, questionKey } from './answers.ts';
import { mergeFindings } from './merge.ts';
import { applyPrecedence } from './precedence.ts';
import { ALL_RULES } from './rules/index.ts';
import type { DiagnosisInput, Finding, Rule, RunFacts } from './types.ts';

export interface DiagnosisStep {
  findings: Finding[];
  /** Without an answer yet, each once. Empty: the findings are final. */
  questions: Question[];
}

/**
 * Runs the table of rules over the evidence and the answers so far. Pure. Findings of one cause and subject become one; what
 * another finding explains is left out.
 */
export function diagnose(input: DiagnosisInput, answers: Answers, rules: readonly Rule[] = ALL_RULES): DiagnosisStep {
  const open = new Map<string, Question>();
  const ask = (question: Question): Answer | undefined => {
    const answer = answers.get(question);
    if (answer === undefined) open.set(questionKey(question), question);
    return answer;
  };
  const found = rules.flatMap((rule) => rule.diagnose(input, ask)).filter((one) => isCalledFor(one, input.run));
  return { findings: applyPrecedence(mergeFindings(found)), questions: [...open.values()] };
}

/** What is as designed is worth naming only where somebody took it for something else: where a comparison did not hold. */
function isCalledFor({ causes }: Finding, run: RunFacts | null): boolean {
  if (!causes.every((cause) => causeOf(cause).kind === 'reading')) return true;
  if (run === null) return false;
  return (
    run.judgement.verdict !== 'pass' || run.queries.some(({ verdict }) => verdict !== undefined && verdict !== 'pass')
  );
}

/** More rounds than any chain of questions has; a rule that asks for ever is a mistake of the rule. */
const MAX_ROUNDS = 10;
/** Questions that are out at a time: a forwarded port or a page each, in a cluster that has other things to do. */
const AT_ONCE = 10;

/**
 * Asks until no rule has a question any more.
 * @param answer must not reject: an answer that can't be had is `{ to: 'error' }`
 */
export async function diagnoseAsking(
  input: DiagnosisInput,
  answer: (question: Question) => Promise<Answer>,
  rules: readonly Rule[] = ALL_RULES,
): Promise<{ findings: Finding[]; asked: Question[] }> {
  const answers = new Answers();
  const asked: Question[] = [];
  for (let round = 0; ; round++) {
    const { findings, questions } = diagnose(input, answers, rules);
    if (questions.length === 0 || round === MAX_ROUNDS) return { findings, asked };
    asked.push(...questions);
    const got = await eachOf(questions, AT_ONCE, answer);
    questions.forEach((question, i) => {
      answers.add(question, got[i]!);
    });
  }
}
