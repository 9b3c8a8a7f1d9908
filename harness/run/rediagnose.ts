import { readFile } from 'node:fs/promises';
import type { Diagnosis } from '../result/types.ts';
import { Answers } from '../verdict/diagnose/answers.ts';
import { diagnoseAsking } from '../verdict/diagnose/engine.ts';
import { decodeCase } from './case-file.ts';
import { diagnosesOf } from './diagnosis.ts';

/**
 * Makes a diagnosis again from evidence.json, with the rules as they are now.
 * @returns also the questions that nobody had asked then; they are answered with an error
 * @throws SyntaxError when the file is no such record
 */
export async function rediagnose(file: string): Promise<{ diagnoses: Diagnosis[]; unanswered: string[] }> {
  const { input, answers } = decodeCase(await readFile(file, 'utf8'));
  const known = new Answers(answers);
  const unanswered: string[] = [];
  const { findings } = await diagnoseAsking(input, async (question) => {
    const answer = known.get(question);
    if (answer) return answer;
    unanswered.push(JSON.stringify(question));
    return { to: 'error', message: 'nobody had asked this when the evidence was written down' };
  });
  return { diagnoses: diagnosesOf(findings, input.evidence.controlPlaneNamespace), unanswered };
}

// node harness/run/rediagnose.ts results/<run>/<scenario>/evidence.json
if (import.meta.main) console.log(JSON.stringify(await rediagnose(process.argv[2] ?? 'evidence.json'), null, 2));
