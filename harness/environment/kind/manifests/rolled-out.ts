import { ANNOTATIONS } from '../../../mesh/cluster/contract.ts';
import type { DEPLOYMENT_BASICS, POD_BASICS } from './pods.ts';

/**
 * What a workload needs of its manifest so that its pods can be replaced under load without losing a request, or the truth
 * about one: as a careful user would write it, and the journals on the node.
 */
export interface RolledOut {
  /** Folder of the journals on the nodes (rollout/node-truth.ts). */
  truthDir: string;
  /** How long the roll-out rests after a pod is ready, ms. */
  restMs: number;
}

/**
 * From the moment a pod is to go: peers hear of it and send nothing new, what is in flight ends, and Prometheus has one more
 * look. Then the app is told to end; the proxy stays as long, for what the app still has to say.
 */
const APP_STAYS_S = 5;
const PROXY_STAYS_S = 8;
const GRACE_S = 30;

export const LEAVING_MS = PROXY_STAYS_S * 1000;

/** Of the Deployment, in place of those that all of ours have; what there was when the scenario has no roll-out. */
export function deploymentStrategy(basics: typeof DEPLOYMENT_BASICS, rolledOut: RolledOut | null): object {
  if (!rolledOut) return basics;
  return {
    ...basics,
    strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } },
    minReadySeconds: Math.ceil(rolledOut.restMs / 1000),
  };
}

export function rolledOutAnnotations(rolledOut: RolledOut | null): Record<string, string> {
  return rolledOut ? { [ANNOTATIONS.waitBeforeExitSeconds]: String(PROXY_STAYS_S) } : {};
}

export function podBasics(basics: typeof POD_BASICS, rolledOut: RolledOut | null): object {
  return rolledOut ? { ...basics, terminationGracePeriodSeconds: GRACE_S } : basics;
}

/** Of the app's container. */
export function appLifecycle(rolledOut: RolledOut | null): object {
  if (!rolledOut) return {};
  return { lifecycle: { preStop: { exec: { command: ['sleep', String(APP_STAYS_S)] } } } };
}

/** @param podName the variable of the container that names its pod */
export function journalMount(rolledOut: RolledOut | null, podName: string): object {
  return rolledOut ? { subPathExpr: `$(${podName})` } : {};
}

export function journalVolume(rolledOut: RolledOut | null): object {
  return rolledOut ? { hostPath: { path: rolledOut.truthDir, type: 'Directory' } } : { emptyDir: {} };
}
