import { afterEach } from 'vitest';
import { parseConfig } from '../config.ts';
import type { Call, ErrorRule, RouteConfig, WorkloadConfig } from '../contract.ts';
import { Services } from '../services.ts';
import { story, until } from './client.ts';
import { aCall, aConfig, aRoute, aWorkload } from './configs.ts';

const started: Services[] = [];

afterEach(async () => {
  for (const services of started.splice(0)) await services.drain(0);
});

/** Serves them until the test ends. */
export async function serve(...workloads: WorkloadConfig[]): Promise<Services> {
  const services = await Services.start(parseConfig(aConfig(...workloads)));
  started.push(services);
  return services;
}

export const always = (rule: Record<string, unknown>): ErrorRule[] => [{ ...rule, rate: 1 } as ErrorRule];

export const UNARY = '/meshproof.v1.Echo/Unary';
export const STREAM = '/meshproof.v1.Echo/Stream';

export function aGrpcWorkload(name: string, routes: RouteConfig[]): WorkloadConfig {
  return aWorkload(name, routes, { protocol: 'grpc' });
}

export function aMethod(path: string, changes: Partial<RouteConfig> = {}): RouteConfig {
  return aRoute({ method: 'POST', path, ...changes });
}

export function aGrpcCall(to: WorkloadConfig, path: string, changes: Partial<Call> = {}): Call {
  return aCall(to, { protocol: 'grpc', method: 'POST', path, ...changes });
}

export function aTcpWorkload(
  name: string,
  changes: Partial<RouteConfig> = {},
  more: Partial<WorkloadConfig> = {},
): WorkloadConfig {
  return aWorkload(name, [aRoute({ method: 'CONNECT', path: '/', ...changes })], { protocol: 'tcp', ...more });
}

export function aTcpCall(to: WorkloadConfig, changes: Partial<Call> = {}): Call {
  return aCall(to, { protocol: 'tcp', method: 'CONNECT', path: '/', ...changes });
}

/** An HTTP service whose only route makes the call. */
export function aCallerOf(...calls: Call[]): WorkloadConfig {
  return aWorkload('web', [aRoute({ steps: [calls] })]);
}

/** Waits until its journal tells this. */
export function tells(workload: WorkloadConfig, lines: string[]): Promise<string[]> {
  return until(
    () => story(workload),
    (now) => now.length === lines.length && now.every((line, i) => line === lines[i]),
  );
}
