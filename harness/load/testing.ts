import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ResolvedTool } from '../core/tool.ts';
import type { RequestSpec, TrafficShape, TrafficSpec } from '../scenario/model.ts';
import type { LoadPlan } from './plan.ts';

/** The k6 that integration tests run: MESHPROOF_K6, else the one on PATH. */
export const testK6: ResolvedTool = {
  name: 'k6',
  path: process.env.MESHPROOF_K6 ?? 'k6',
  version: 'test',
  source: 'test',
};

/** A server on loopback in place of the mesh; counts requests by method and path. */
export async function startTarget(answer: (request: IncomingMessage, response: ServerResponse) => void) {
  const seen = new Map<string, number>();
  const hosts = new Set<string>();
  const server = createServer((request, response) => {
    const key = `${request.method} ${request.url}`;
    seen.set(key, (seen.get(key) ?? 0) + 1);
    hosts.add(request.headers.host ?? '');
    answer(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    seen,
    hosts,
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** A folder that is gone when the test is over. */
export function temporaryDir() {
  const path = mkdtempSync(join(tmpdir(), 'meshproof-load-'));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}

export function stream(shape: TrafficShape, requests: Partial<RequestSpec>[], startMs = 0): TrafficSpec {
  return {
    name: 'a stream',
    shape,
    startMs,
    requests: requests.map((r) => ({
      service: 'shop/web',
      method: 'GET',
      path: '/',
      weight: 1,
      requestBytes: 0,
      timeoutMs: 5000,
      ...r,
    })),
  };
}

export function plan(traffic: TrafficSpec[], address = '127.0.0.1:1'): LoadPlan {
  return {
    seed: 7,
    traffic,
    services: {
      'shop/web': { authority: 'web.shop.svc.cluster.local', port: 80 },
      'shop/pay': { authority: 'pay.shop.svc.cluster.local', port: 8080 },
    },
    hosts: { 'web.shop.svc.cluster.local': address, 'pay.shop.svc.cluster.local': address },
    pod: 'load-5d4f8c7b9-x2x4q',
    originLeadMs: 50,
  };
}

/** The lines of a journal, split into fields, without H and Z. */
export function journalLines(text: string): string[][] {
  return text
    .trimEnd()
    .split('\n')
    .map((line) => line.split(','))
    .filter(([kind]) => kind !== 'H' && kind !== 'Z');
}
