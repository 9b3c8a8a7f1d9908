import http, { type ClientRequest, type IncomingMessage } from 'node:http';
import https from 'node:https';
import { describe } from '../../../core/errors.ts';
import type { PageEvidence } from '../../../evidence/types.ts';
import type { PageTarget } from '../../contract.ts';
import { answered, cutOff, failed, timedOut } from '../../kubernetes/evidence-source/page-outcome.ts';
import type { Address } from '../addresses.ts';

type Outcome = ReturnType<typeof answered>;

const PATH = '/metrics';
const ACCEPT = 'text/plain;version=0.0.4;q=1,*/*;q=0.1';

/**
 * One connection to a proxy's admin port, and its page as evidence. Whom a certificate there is from is looked at by nobody.
 * @param via the outbound side of Prometheus' own sidecar, when it has one; plain HTTP alone goes through it
 */
export async function readPage(target: PageTarget, via?: Address): Promise<PageEvidence> {
  const { namespace, pod, ip, port, scheme } = target;
  const url = `${scheme}://${ip.includes(':') ? `[${ip}]` : ip}:${port}${PATH}`;
  const begun = performance.now();
  const outcome = await attempt(target, url, scheme === 'http' ? via : undefined);
  return { namespace, pod, url, ...outcome, durationMs: performance.now() - begun };
}

function attempt({ ip, port, scheme, deadlineMs }: PageTarget, url: string, via?: Address): Promise<Outcome> {
  const { promise, resolve } = Promise.withResolvers<Outcome>();
  const where = via ? { ...via, path: url } : { host: ip, port, path: PATH };
  const options = {
    ...where,
    agent: false as const,
    headers: { host: new URL(url).host, accept: ACCEPT },
  };
  let connected = false;
  let bytes = 0;
  const request: ClientRequest =
    scheme === 'https'
      ? https.request({ ...options, rejectUnauthorized: false, servername: '' })
      : http.request(options);
  const timer = setTimeout(() => {
    resolve(timedOut(deadlineMs, connected, bytes));
    request.destroy();
  }, deadlineMs);
  request.once('socket', (socket) => {
    socket.once('connect', () => {
      connected = true;
    });
  });
  request.once('error', (error: NodeJS.ErrnoException) => {
    resolve(outcomeOf(error, { connected, secured: isSecured(request), scheme }));
  });
  request.once('response', (response) => {
    const chunks: Buffer[] = [];
    response.on('data', (chunk: Buffer) => {
      chunks.push(chunk);
      bytes += chunk.length;
    });
    response.once('error', (error) => resolve(cutOff(statusOf(response), bytes, describe(error))));
    response.once('end', () => resolve(answered(statusOf(response), Buffer.concat(chunks).toString('utf8'))));
  });
  request.end();
  return promise.finally(() => {
    clearTimeout(timer);
    request.destroy();
  });
}

function statusOf(response: IncomingMessage): number {
  return response.statusCode ?? 0;
}

/** Whether the TLS handshake is over. */
function isSecured({ socket }: ClientRequest): boolean {
  return (socket as { getProtocol?(): string | null } | null)?.getProtocol?.() != null;
}

/** An end without any answer. */
function outcomeOf(
  error: NodeJS.ErrnoException,
  { connected, secured, scheme }: { connected: boolean; secured: boolean; scheme: string },
): Outcome {
  const message = describe(error);
  const nothing = failed(message, connected);
  if (error.code === 'ECONNREFUSED') return { ...nothing, outcome: 'refused', connected: false };
  if (connected && scheme === 'https' && !secured) return { ...nothing, outcome: 'tls-failed' };
  if (error.code?.startsWith('HPE_')) return { ...nothing, outcome: 'not-http' };
  return nothing;
}
