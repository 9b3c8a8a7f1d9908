import { describe } from '../core/errors.ts';
import type { EvidenceSource } from '../environment/contract.ts';
import type { PrometheusClient } from '../prometheus/client.ts';
import { correctionMs } from '../prometheus/clock.ts';
import { readPage } from './collect.ts';
import { within } from './reading.ts';
import type { Answer, Evidence, EvidencePod, Question } from './types.ts';

export interface AnswerOptions {
  /** Of each answer. Default 5 s. */
  deadlineMs?: number;
  /** Of each page. Default 2.5 s; more where the question asks for more. */
  pageDeadlineMs?: number;
}

const DEADLINE_MS = 5000;
const PAGE_DEADLINE_MS = 2500;
/** What reading a page takes beside waiting for it. */
const BEYOND_PAGE_MS = 1000;

/**
 * Answers what rules ask, from where the evidence was read. Times are ours: where Prometheus' clock is known to be off it is
 * asked for its own. The answer never rejects.
 */
export function answering(
  source: EvidenceSource,
  client: PrometheusClient,
  evidence: Evidence,
  options: AnswerOptions = {},
): (question: Question) => Promise<Answer> {
  const { clock } = evidence.prometheus;
  const ours = clock ? client.corrected(correctionMs(clock)) : client;
  const answer = async (question: Question): Promise<Answer> => {
    switch (question.ask) {
      case 'query':
        return { to: 'query', samples: await ours.query(question.expr, question.atMs) };
      case 'samples':
        return { to: 'samples', series: await ours.rawSamples(question.selector, question.rangeMs, question.atMs) };
      case 'page': {
        const { namespace, pod, scheme, port } = question;
        const deadlineMs = pageDeadlineOf(question, options);
        const target = { namespace, pod, scheme, port, ip: addressOf(evidence, question), deadlineMs };
        return { to: 'page', page: await readPage(source, target) };
      }
      case 'certificate': {
        const { namespace, pod } = question;
        const certificate = await source.certificate({ namespace, pod, ip: addressOf(evidence, question) });
        return { to: 'certificate', certificate };
      }
      case 'access':
        return { to: 'access', access: await source.access(namespacesOf(evidence)) };
    }
  };
  return async (question) => {
    try {
      return await within(answer(question), deadlineOf(question, options));
    } catch (error) {
      return { to: 'error', message: describe(error) };
    }
  };
}

function pageDeadlineOf({ deadlineMs = 0 }: { deadlineMs?: number }, { pageDeadlineMs }: AnswerOptions): number {
  return Math.max(pageDeadlineMs ?? PAGE_DEADLINE_MS, deadlineMs);
}

/** Whoever asks for a page with patience gets it. */
function deadlineOf(question: Question, options: AnswerOptions): number {
  const deadlineMs = options.deadlineMs ?? DEADLINE_MS;
  if (question.ask !== 'page' || question.deadlineMs === undefined) return deadlineMs;
  return Math.max(deadlineMs, pageDeadlineOf(question, options) + BEYOND_PAGE_MS);
}

/** Answers several, side by side. */
export async function answerQuestions(
  source: EvidenceSource,
  client: PrometheusClient,
  evidence: Evidence,
  questions: readonly Question[],
  options: AnswerOptions = {},
): Promise<Map<Question, Answer>> {
  const answer = answering(source, client, evidence, options);
  return new Map(await Promise.all(questions.map(async (question) => [question, await answer(question)] as const)));
}

function addressOf({ cluster }: Evidence, { namespace, pod }: { namespace: string; pod: string }): string {
  const isIt = ({ metadata }: EvidencePod) => metadata.namespace === namespace && metadata.name === pod;
  const ip = cluster.pods?.find(isIt)?.status.podIP;
  if (!ip) throw new Error(`no address of pod ${namespace}/${pod} is known`);
  return ip;
}

/**
 * Those that have pods, then the others: what is allowed in one that has none tells rights in some namespaces from none at
 * all. In a cluster of very many, not all of the others.
 */
function namespacesOf({ cluster }: Evidence): string[] {
  const ofPods = new Set((cluster.pods ?? []).map(({ metadata }) => metadata.namespace ?? ''));
  const others = (cluster.namespaces ?? []).map(({ metadata }) => metadata.name).filter((name) => !ofPods.has(name));
  return [...ofPods, ...others.sort().slice(0, OTHER_NAMESPACES)].sort();
}

const OTHER_NAMESPACES = 50;
