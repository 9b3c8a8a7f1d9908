import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ALL_CAUSE_IDS } from '../causes/ids.ts';
import { causeOf } from '../causes/index.ts';
import { epochMs } from '../core/clock.ts';
import type { RunningEnvironment } from '../environment/contract.ts';
import { answering } from '../evidence/answer.ts';
import { collectEvidence } from '../evidence/collect.ts';
import type { Answer, Question } from '../evidence/types.ts';
import { PrometheusClient } from '../prometheus/client.ts';
import type { Diagnosis } from '../result/types.ts';
import { diagnoseAsking } from '../verdict/diagnose/engine.ts';
import { remedyOf } from '../verdict/diagnose/remedy.ts';
import type { DiagnosisInput, Finding, RunFacts } from '../verdict/diagnose/types.ts';
import { encodeCase } from './case-file.ts';

/** What a diagnosis was made from, and what it came to. */
export interface DiagnosedCase {
  input: DiagnosisInput;
  /** What the rules asked, in their order, and were answered. */
  answers: [Question, Answer][];
  findings: Finding[];
}

/** How long before the origin stored samples are read: first scrapes. */
const BEFORE_ORIGIN_MS = 60_000;

/** Looks at an environment that is still up, and says why what is wrong there is wrong. */
export async function diagnoseRun(
  env: Pick<RunningEnvironment, 'evidence' | 'prometheusUrl'>,
  run: RunFacts,
): Promise<DiagnosedCase> {
  const client = new PrometheusClient(env.prometheusUrl, { deadlineMs: 5000 });
  const storedRangeMs = Math.ceil(epochMs() - run.input.window.originMs + BEFORE_ORIGIN_MS);
  const evidence = await collectEvidence(env.evidence, client, { storedRangeMs });
  const answer = answering(env.evidence, client, evidence);
  const answers: [Question, Answer][] = [];
  const input = { evidence, run };
  const { findings } = await diagnoseAsking(input, async (question) => {
    const answered = await answer(question);
    answers.push([question, answered]);
    return answered;
  });
  return { input, answers, findings };
}

/**
 * Findings as the record of a run has them: what is wrong by itself first, each in the order of the catalogue.
 * @param controlPlane its namespace, which remedies name
 */
export function diagnosesOf(findings: readonly Finding[], controlPlane: string): Diagnosis[] {
  const rank = ({ causes }: Finding) => ALL_CAUSE_IDS.indexOf(causes[0]);
  return findings
    .toSorted((a, b) => rank(a) - rank(b))
    .map((finding): Diagnosis => {
      const causes = finding.causes.map(causeOf);
      return {
        causes: [...finding.causes],
        title: causes.map(({ title }) => title).join(', or: '),
        kind: causes.every(({ kind }) => kind === 'reading') ? 'reading' : 'fault',
        pods: [...new Set(finding.pods)].sort(),
        subject: finding.subject,
        summary: finding.summary,
        evidence: finding.evidence,
        remedy: remedyOf(finding, controlPlane),
      };
    })
    .toSorted((a, b) => Number(a.kind === 'reading') - Number(b.kind === 'reading'));
}

/** evidence.json in a scenario's folder: enough to make the diagnosis again. */
export async function keepCase(dir: string, diagnosed: DiagnosedCase): Promise<void> {
  await writeFile(join(dir, 'evidence.json'), encodeCase(diagnosed));
}
