import { createHash } from 'node:crypto';
import { SERVICE_ENV, type ServiceProcessConfig } from './contract.ts';
import { EXIT, ServiceFailure } from './failure.ts';

/**
 * The configuration of the Kubernetes pod that this process runs in: all pods of a Deployment read the same file, in which
 * one pod stands for them all, and know themselves by their environment. Elsewhere it stays as it is.
 * @throws ServiceFailure BAD_CONFIG when there is not exactly one pod, or the replica is no number
 */
export function asPod(config: ServiceProcessConfig, env: NodeJS.ProcessEnv): ServiceProcessConfig {
  const pod = env[SERVICE_ENV.podName];
  if (!pod) return config;
  const [workload, ...otherWorkloads] = config.workloads;
  const [template, ...otherPods] = workload?.pods ?? [];
  if (!workload || !template || otherWorkloads.length > 0 || otherPods.length > 0) {
    throw bad(`one workload with one pod is needed where ${SERVICE_ENV.podName} names the pod`);
  }
  const replica = replicaOf(pod, env[SERVICE_ENV.replica]);
  return { workloads: [{ ...workload, pods: [{ ...template, pod, replica }] }] };
}

/** Deployments don't number their pods: some number that other pods don't have, so that their random sequences differ. */
function replicaOf(pod: string, given: string | undefined): number {
  if (!given) return createHash('sha256').update(pod).digest().readUInt32LE(0);
  if (!/^\d{1,9}$/.test(given)) throw bad(`${SERVICE_ENV.replica} is "${given}", not a number from 0`);
  return Number(given);
}

function bad(message: string): ServiceFailure {
  return new ServiceFailure('BAD_CONFIG', EXIT.config, message);
}
