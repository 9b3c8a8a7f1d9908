import { describe } from '../../../core/errors.ts';
import type { PageEvidence } from '../../../evidence/types.ts';
import type { PageTarget } from '../../contract.ts';
import { answered, failed, refused, timedOut } from '../../kubernetes/evidence-source/page-outcome.ts';

/**
 * A page that the reader in Prometheus' pod gets, as evidence. It speaks plain HTTP alone. Never rejects.
 * @param url of the reader, the instance in its query
 */
export async function readThrough(url: string, target: PageTarget): Promise<PageEvidence> {
  const { namespace, pod, ip, port, scheme, deadlineMs } = target;
  const begun = performance.now();
  const read = scheme === 'http' ? await outcomeOf(url, deadlineMs) : failed('the reader speaks no TLS');
  const host = ip.includes(':') ? `[${ip}]` : ip;
  const durationMs = performance.now() - begun;
  return { namespace, pod, url: `${scheme}://${host}:${port}/metrics`, ...read, durationMs };
}

async function outcomeOf(url: string, deadlineMs: number) {
  const deadline = AbortSignal.timeout(deadlineMs);
  try {
    const response = await fetch(url, { signal: deadline });
    const text = await response.text();
    return response.ok ? answered(200, text) : troubleOf(text.trim(), deadlineMs);
  } catch (error) {
    return deadline.aborted ? timedOut(deadlineMs, false) : failed(describe(error));
  }
}

/** `10.1.2.3:4191 answered 403: ...`, `10.1.2.3:4191: connect ECONNREFUSED ...`: the reader's words. */
function troubleOf(text: string, deadlineMs: number) {
  const [, status, rest = ''] = /^\S+ answered (\d+): ?(.*)/s.exec(text) ?? [];
  if (status !== undefined) return answered(Number(status), rest);
  if (/ECONNREFUSED/.test(text)) return refused(text);
  return /timeout|ETIMEDOUT/i.test(text) ? timedOut(deadlineMs, false) : failed(text, /ECONNRESET|hang up/.test(text));
}
