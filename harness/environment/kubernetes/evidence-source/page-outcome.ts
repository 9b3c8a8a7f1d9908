import { describe } from '../../../core/errors.ts';
import { type ParsedPage, type ParsedSample, parsePage } from '../../../core/page-parser.ts';
import type { PageEvidence } from '../../../evidence/types.ts';

type Outcome = Pick<PageEvidence, 'outcome' | 'connected' | 'status' | 'error' | 'bytes' | 'page' | 'duplicates'>;

const NOTHING = { status: null, bytes: 0, page: null, duplicates: [] };

/** A whole answer, as evidence. */
export function answered(status: number, text: string): Outcome {
  const read = { ...NOTHING, connected: true, status, bytes: Buffer.byteLength(text) };
  if (status !== 200) {
    const line = text.trim().split('\n', 1)[0]!.slice(0, 200);
    return { ...read, outcome: 'status', error: `status ${status}${line && `: ${line}`}` };
  }
  try {
    const page = parsePage(text);
    return { ...read, outcome: 'ok', error: '', page, duplicates: duplicatesOf(page) };
  } catch (error) {
    return { ...read, outcome: 'unparsable', error: describe(error) };
  }
}

/** An answer that ended too early. */
export function cutOff(status: number, bytes: number, error: string): Outcome {
  return { ...NOTHING, outcome: 'cut-off', connected: true, status, error, bytes };
}

export function timedOut(deadlineMs: number, connected: boolean, bytes = 0): Outcome {
  const error = `no ${bytes > 0 ? 'end of the ' : ''}answer within ${deadlineMs} ms`;
  return { ...NOTHING, outcome: 'timeout', connected, error, bytes };
}

export function failed(error: string, connected = false): Outcome {
  return { ...NOTHING, outcome: 'failed', connected, error };
}

export function refused(error: string): Outcome {
  return { ...NOTHING, outcome: 'refused', connected: false, error };
}

/** What the API server prefixes when it is the pod that it can't talk to. */
const NOT_REACHED = /^error trying to reach service: /i;

/**
 * What the API server says of a pod that it could not read, in Go's words.
 * @returns null when it speaks of something else: no such pod, no permission
 */
export function unreached(message: string, scheme: 'http' | 'https'): Outcome | null {
  if (!NOT_REACHED.test(message)) return null;
  const error = message.replace(NOT_REACHED, '');
  const of = (outcome: Outcome['outcome'], connected: boolean): Outcome => ({ ...NOTHING, outcome, connected, error });
  if (/connection refused/.test(error)) return of('refused', false);
  if (/^dial .*(?:i\/o timeout|deadline exceeded)/.test(error)) return of('timeout', false);
  if (scheme === 'https' && /\btls\b|HTTP response to HTTPS client|^EOF$/i.test(error)) return of('tls-failed', true);
  if (/malformed HTTP|HTTP\/1\.x transport connection broken/.test(error)) return of('not-http', true);
  if (/timeout|deadline exceeded/i.test(error)) return of('timeout', true);
  return of('failed', /EOF|reset by peer|broken pipe/.test(error));
}

/** Series that stand on a page more than once, each once. */
export function duplicatesOf(page: ParsedPage): string[] {
  const seen = new Set<string>();
  const twice = new Set<string>();
  for (const sample of page.samples) {
    const series = seriesOf(sample);
    if (seen.has(series)) twice.add(series);
    seen.add(series);
  }
  return [...twice];
}

/** Prometheus knows a series by its labels, whatever their order. */
function seriesOf({ name, labels }: ParsedSample): string {
  const pairs = Object.entries(labels).map(([key, value]) => `${key}=${JSON.stringify(value)}`);
  return `${name}{${pairs.sort().join(',')}}`;
}
