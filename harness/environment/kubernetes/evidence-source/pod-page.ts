import type { IncomingMessage } from 'node:http';
import { describe } from '../../../core/errors.ts';
import type { PageEvidence } from '../../../evidence/types.ts';
import type { PageTarget } from '../../contract.ts';
import { parseStatus } from '../errors.ts';
import type { Transport } from '../transport.ts';
import { answered, cutOff, failed, timedOut, unreached } from './page-outcome.ts';

type Read = Omit<PageEvidence, 'namespace' | 'pod' | 'url' | 'durationMs'>;

const PATH = '/metrics';
/** Answered by every admin server at once, however long its page takes. */
const QUICK_PATH = '/ready';
const QUICK_MS = 3000;
/** The API server's own statuses are smaller than this. */
const STATUS_BYTES = 64 * 1024;

/**
 * A pod's admin page by way of the API server, which opens a connection to the pod's address as Prometheus does, though from
 * its own address: what is dropped or refused on the way from Prometheus alone does not show here. Never rejects.
 */
export async function readPodPage(
  transport: Transport,
  target: PageTarget,
  signal?: AbortSignal,
): Promise<PageEvidence> {
  const { namespace, pod, ip, port, scheme, deadlineMs } = target;
  const begun = performance.now();
  const page = attempt(transport, target, PATH, deadlineMs, signal).then((read) => {
    return { ...read, durationMs: performance.now() - begun };
  });
  // Whether a silent pod takes connections at all can't be seen from here; it can, from one that answers something else.
  const quick = (await comesWithin(page, deadlineMs - QUICK_MS))
    ? null
    : attempt(transport, target, QUICK_PATH, Math.min(deadlineMs, QUICK_MS), signal);
  const read = await page;
  if (quick !== null && read.outcome === 'timeout') {
    const other = await quick;
    read.connected ||= other.connected;
    read.answers = other.status !== null;
  }
  const host = ip.includes(':') ? `[${ip}]` : ip;
  return { namespace, pod, url: `${scheme}://${host}:${port}${PATH}`, ...read };
}

/** Whether it is over by then. */
async function comesWithin(work: Promise<unknown>, ms: number): Promise<boolean> {
  const { promise: late, resolve } = Promise.withResolvers<false>();
  const timer = setTimeout(() => resolve(false), Math.max(0, ms));
  try {
    return await Promise.race([work.then(() => true), late]);
  } finally {
    clearTimeout(timer);
  }
}

async function attempt(
  transport: Transport,
  target: PageTarget,
  path: string,
  deadlineMs: number,
  signal?: AbortSignal,
): Promise<Read> {
  const deadline = AbortSignal.timeout(deadlineMs);
  const either = signal ? AbortSignal.any([signal, deadline]) : deadline;
  let answer: IncomingMessage;
  try {
    answer = await transport.open({
      method: 'GET',
      path: proxyPath(target) + path,
      headers: { accept: 'text/plain;version=0.0.4;q=1,*/*;q=0.1' },
      timeoutMs: deadlineMs + 1000,
      signal: either,
    });
  } catch (error) {
    return deadline.aborted ? timedOut(deadlineMs, false) : failed(describe(error));
  }
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of answer) chunks.push(chunk as Buffer);
  } catch (error) {
    const bytes = chunks.reduce((sum, chunk) => sum + chunk.length, 0);
    return deadline.aborted ? timedOut(deadlineMs, true, bytes) : cutOff(answer.statusCode!, bytes, describe(error));
  }
  const text = Buffer.concat(chunks).toString('utf8');
  return statusOf(answer, text, target) ?? answered(answer.statusCode!, text);
}

/** Where the API server speaks, not the pod. */
function statusOf(answer: IncomingMessage, text: string, { scheme }: PageTarget): Read | null {
  if (answer.statusCode! < 400 || text.length > STATUS_BYTES) return null;
  const said = parseStatus(text);
  if (said?.status !== 'Failure') return null;
  const message = said.message ?? '';
  return unreached(message, scheme) ?? failed(`the API server: ${said.code ?? answer.statusCode}: ${message}`);
}

function proxyPath({ namespace, pod, port, scheme }: PageTarget): string {
  const name = `${scheme === 'https' ? 'https:' : ''}${encodeURIComponent(pod)}:${port}`;
  return `/api/v1/namespaces/${encodeURIComponent(namespace)}/pods/${name}/proxy`;
}
