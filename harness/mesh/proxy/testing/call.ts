import http, { type IncomingMessage } from 'node:http';
import type { Rig } from './rig.ts';

export interface CallOptions {
  host?: string;
  path?: string;
  method?: string;
  headers?: http.OutgoingHttpHeaders;
  body?: string;
  from?: string;
  agent?: http.Agent;
}

export interface CallResult {
  status: number;
  headers: http.IncomingHttpHeaders;
  trailers: NodeJS.Dict<string>;
  body: string;
}

/** Sends a request from a pod's app through its sidecar; resolves with the head, the body yet to be read. */
export function open(
  rig: Rig,
  options: CallOptions = {},
): { request: http.ClientRequest; head: Promise<IncomingMessage> } {
  const { host = 'web', path = '/', method = 'GET', headers = {}, from = 'load', agent } = options;
  const request = http.request({
    ...rig.outbound(from),
    path,
    method,
    headers: { host, ...headers },
    agent: agent ?? false,
  });
  const head = new Promise<IncomingMessage>((resolve, reject) => {
    request.once('response', resolve);
    request.once('error', reject);
  });
  return { request, head };
}

/** A whole exchange. Rejects when the connection ends before the response does. */
export async function call(rig: Rig, options: CallOptions = {}): Promise<CallResult> {
  const { request, head } = open(rig, options);
  request.end(options.body);
  const response = await head;
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  return {
    status: response.statusCode ?? 0,
    headers: response.headers,
    trailers: response.trailers,
    body: Buffer.concat(chunks).toString('utf8'),
  };
}
