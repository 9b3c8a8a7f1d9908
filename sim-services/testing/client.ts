import { readFileSync } from 'node:fs';
import { Agent, type IncomingHttpHeaders, request } from 'node:http';
import { join } from 'node:path';
import type { WorkloadConfig } from '../contract.ts';

export interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  body: string;
  /** Lengths and arrival times (ms since the request) of the pieces read. */
  pieces: { bytes: number; atMs: number }[];
  tookMs: number;
}

export interface AskOptions {
  method?: string;
  path?: string;
  caller?: string;
  headers?: Record<string, string>;
  body?: string;
  agent?: Agent;
  /** Gives up when it fires. */
  signal?: AbortSignal;
  port?: 'listen' | 'admin';
}

/** One request to the first pod of a workload, on a connection of its own unless an agent is given. */
export function ask(workload: WorkloadConfig, options: AskOptions = {}): Promise<Answer> {
  const { method = 'GET', path = '/x', caller, body, agent, signal, port = 'listen' } = options;
  const started = performance.now();
  return new Promise((resolve, reject) => {
    const headers = { ...options.headers, ...(caller === undefined ? {} : { 'x-meshproof-caller': caller }) };
    const req = request({ ...workload.pods[0]![port], method, path, headers, agent: agent ?? new Agent(), signal });
    req.on('error', reject);
    req.on('response', (res) => {
      const pieces: Answer['pieces'] = [];
      let text = '';
      res.setEncoding('latin1');
      res.on('data', (piece: string) => {
        text += piece;
        pieces.push({ bytes: piece.length, atMs: performance.now() - started });
      });
      res.on('error', reject);
      res.on('end', () => {
        const tookMs = performance.now() - started;
        resolve({ status: res.statusCode!, headers: res.headers, body: text, pieces, tookMs });
      });
    });
    req.end(body);
  });
}

/** A line of a journal, its fields decoded. */
export type Line = string[];

export function linesOf(text: string): Line[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => line.split(',').map((field) => (field.includes('%') ? decodeURIComponent(field) : field)));
}

/** The journal of the first pod, from its file. */
export function journalOf(workload: WorkloadConfig): Line[] {
  const { journalDir, incarnation } = workload.pods[0]!;
  return linesOf(readFileSync(join(journalDir, `${incarnation}.journal`), 'utf8'));
}

/** The journal without ids and times: `E 200`, `s shop/db GET /x`. The H line is left out. */
export function story(workload: WorkloadConfig): string[] {
  return journalOf(workload)
    .filter(([kind]) => kind !== 'H')
    .map(([kind, , , ...rest]) => [kind, ...(kind === 'E' || kind === 'e' ? without(rest, 1) : rest)].join(' ').trim());
}

function without(fields: string[], index: number): string[] {
  return fields.filter((_, i) => i !== index);
}

/** Looks every few milliseconds until it is so; fails with the last value after the deadline. */
export async function until<T>(look: () => T, isSo: (value: T) => boolean, deadlineMs = 30_000): Promise<T> {
  const end = performance.now() + deadlineMs;
  for (;;) {
    const value = look();
    if (isSo(value)) return value;
    if (performance.now() > end) throw new Error(`not within ${deadlineMs} ms; last: ${JSON.stringify(value)}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
