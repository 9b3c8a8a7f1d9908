import { accessSync, constants, createReadStream } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { constants as os } from 'node:os';
import { epochMs } from '../../core/clock.ts';
import { describe } from '../../core/errors.ts';
import {
  AGENT_HEADERS,
  AGENT_MAX_BYTES,
  AGENT_PATHS,
  type AgentSignal,
  type AgentStart,
} from '../../core/load-agent.ts';
import type { Jobs } from './jobs.ts';

type Handler = (request: IncomingMessage, response: ServerResponse, url: URL) => void | Promise<void>;

/** The agent's HTTP API (core/load-agent.ts). */
export function createAgent(jobs: Jobs, k6: string): Server {
  const routes: Record<string, Handler> = {
    [`GET ${AGENT_PATHS.ready}`]: (_, response) => answerReady(response, k6),
    [`GET ${AGENT_PATHS.clock}`]: (_, response) => sendJson(response, 200, { nowEpochMs: epochMs() }),
    [`GET ${AGENT_PATHS.job}`]: (_, response) => sendJson(response, 200, jobs.state),
    [`PUT ${AGENT_PATHS.job}`]: (request, response) => startJob(jobs, request, response),
    [`POST ${AGENT_PATHS.signal}`]: (request, response) => signalJob(jobs, request, response),
    [`GET ${AGENT_PATHS.journal}`]: (_, response, url) => sendFile(response, jobs.file('journal'), url),
    [`GET ${AGENT_PATHS.summary}`]: (_, response, url) => sendFile(response, jobs.file('summary'), url),
    [`GET ${AGENT_PATHS.log}`]: (_, response, url) => sendFile(response, jobs.file('log'), url),
  };
  return createServer(async (request, response) => {
    try {
      const url = new URL(request.url ?? '/', 'http://agent');
      const handler = routes[`${request.method} ${url.pathname}`];
      if (handler) await handler(request, response, url);
      else sendText(response, 404, `no such thing: ${request.method} ${url.pathname}`);
    } catch (error) {
      if (response.headersSent) response.destroy();
      else sendText(response, 500, describe(error));
    }
  });
}

function answerReady(response: ServerResponse, k6: string): void {
  try {
    accessSync(k6, constants.X_OK);
    sendText(response, 200, 'ready');
  } catch (error) {
    sendText(response, 503, `k6 can't be started: ${describe(error)}`);
  }
}

async function startJob(jobs: Jobs, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const name = request.headers[AGENT_HEADERS.job];
  const body = await textOf(request);
  if (typeof name !== 'string' || name === '') sendText(response, 400, `header ${AGENT_HEADERS.job} is missing`);
  else if (jobs.start(name, JSON.parse(body) as AgentStart)) sendJson(response, 201, jobs.state);
  else sendText(response, 409, 'another job runs');
}

async function signalJob(jobs: Jobs, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { signal } = JSON.parse(await textOf(request)) as Partial<AgentSignal>;
  if (!signal || !(signal in os.signals)) {
    sendText(response, 400, `no such signal: ${signal}`);
    return;
  }
  jobs.signal(signal);
  response.writeHead(204).end();
}

/** What the file has now from the byte asked for; it may be growing. */
function sendFile(response: ServerResponse, file: { path: string; size: number }, url: URL): void {
  const from = Number(url.searchParams.get('from') ?? 0);
  if (!Number.isSafeInteger(from) || from < 0) {
    sendText(response, 400, 'from is not a byte offset');
    return;
  }
  const until = Math.min(file.size, from + AGENT_MAX_BYTES);
  const length = Math.max(0, until - from);
  response.writeHead(200, {
    'content-type': 'application/octet-stream',
    'content-length': length,
    [AGENT_HEADERS.size]: file.size,
  });
  if (length === 0) {
    response.end();
    return;
  }
  const bytes = createReadStream(file.path, { start: from, end: until - 1 });
  bytes.on('error', () => response.destroy());
  bytes.pipe(response);
}

async function textOf(request: IncomingMessage): Promise<string> {
  const pieces: Buffer[] = [];
  for await (const piece of request) pieces.push(piece as Buffer);
  return Buffer.concat(pieces).toString('utf8');
}

function sendJson(response: ServerResponse, status: number, value: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
}

function sendText(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' }).end(text);
}
