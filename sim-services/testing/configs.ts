import { randomInt } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Behaviour, Call, PodConfig, RouteConfig, ServiceProcessConfig, WorkloadConfig } from '../contract.ts';

/** Answers 200 with 16 bytes at once. */
export const PLAIN: Behaviour = {
  latency: { kind: 'constant', ms: 0 },
  errors: [],
  body: { bytes: 16, chunks: 1, overMs: 0 },
};

// One for each folder is no leak.
process.setMaxListeners(0);

export function aRoute(changes: Partial<RouteConfig> = {}): RouteConfig {
  return { ...PLAIN, method: null, path: '/x', status: 200, steps: [], ...changes };
}

/** A loopback address that no one else is likely to use (127.0.0.0/8 is all ours on Linux). */
export function anAddress(): { host: string; port: number } {
  return { host: `127.${randomInt(1, 255)}.${randomInt(0, 256)}.${randomInt(1, 255)}`, port: 8080 };
}

export function aPod(name: string, changes: Partial<PodConfig> = {}): PodConfig {
  const listen = anAddress();
  return {
    pod: `${name}-0`,
    replica: 0,
    listen,
    admin: { host: listen.host, port: 8081 },
    egress: null,
    journalDir: aFolder(),
    incarnation: '0',
    ...changes,
  };
}

/** A folder that is gone when the tests have ended. */
export function aFolder(): string {
  const dir = mkdtempSync(join(tmpdir(), 'meshproof-journal-'));
  process.once('exit', () => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

export function aWorkload(name: string, routes: RouteConfig[], changes: Partial<WorkloadConfig> = {}): WorkloadConfig {
  return { namespace: 'shop', name, seed: 1, routes, timeline: [], pods: [aPod(name)], ...changes };
}

/** A call to the first pod of a workload, by its address as the authority. */
export function aCall(to: WorkloadConfig, changes: Partial<Call> = {}): Call {
  const { host, port } = to.pods[0]!.listen;
  return {
    service: `${to.namespace}/${to.name}`,
    authority: host,
    port,
    method: 'GET',
    path: '/x',
    requestBytes: 0,
    timeoutMs: null,
    onFailure: 'propagate',
    ...changes,
  };
}

export function aConfig(...workloads: WorkloadConfig[]): ServiceProcessConfig {
  return { workloads };
}

/** The same pod as it comes back after a restart. */
export function restarted(workload: WorkloadConfig, incarnation: string): WorkloadConfig {
  return { ...workload, pods: workload.pods.map((pod) => ({ ...pod, incarnation })) };
}
