import http, { type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { PAGE_READER } from './contract.ts';

const DEADLINE_MS = 15_000;

/** @param via `host:port` of an HTTP proxy to ask by; null: the proxies themselves */
export function pageReader(via: string | null): Server {
  return http.createServer((request, response) => void answer(request, response, via));
}

async function answer(request: IncomingMessage, response: ServerResponse, via: string | null): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://reader');
  if (url.pathname === PAGE_READER.ready) return send(response, 200, 'ready\n');
  const instance = url.searchParams.get('instance');
  if (url.pathname !== PAGE_READER.page || !instance) return send(response, 404, 'no such page\n');
  try {
    const { status, text } = await get(instance, via);
    if (status === 200) send(response, 200, text);
    else send(response, 502, `${instance} answered ${status}: ${text.slice(0, 200)}\n`);
  } catch (error) {
    send(response, 502, `${instance}: ${(error as Error).message}\n`);
  }
}

function send(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' });
  response.end(text);
}

/** A connection of its own: an answer to another identity must not be left on one that is kept. */
function get(instance: string, via: string | null): Promise<{ status: number; text: string }> {
  const page = new URL(`http://${instance}/metrics`);
  const { hostname, port } = new URL(`http://${via ?? instance}`);
  return new Promise((resolve, reject) => {
    const asked = http.get(
      {
        // As a URL has it: [::1].
        host: hostname.replace(/^\[|\]$/g, ''),
        port,
        path: via ? page.href : page.pathname,
        headers: { host: page.host },
        agent: false,
        signal: AbortSignal.timeout(DEADLINE_MS),
      },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.once('error', reject);
        response.once('end', () =>
          resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString('utf8') }),
        );
      },
    );
    asked.once('error', reject);
  });
}
