import { HarnessError } from '../core/errors.ts';
import type { PodObject } from '../environment/kubernetes/contract.ts';
import { listenFor } from '../environment/kubernetes/evidence-source/forwarded-port.ts';
import type { ReadOnlyTransport } from '../environment/kubernetes/evidence-source/read-only.ts';
import { Gateway } from '../environment/kubernetes/gateway.ts';
import type { PrometheusAccess } from '../prometheus/access.ts';
import { PrometheusClient } from '../prometheus/client.ts';
import { findPrometheus, podOfHost } from './find-prometheus.ts';

/** A Prometheus that answers. */
export interface ConnectedPrometheus {
  client: PrometheusClient;
  /** For people: its URL, or its pod. */
  where: string;
  /** The pod that it is; null where that is not known. */
  pod: PodObject | null;
}

const DEADLINE_MS = 20_000;

/** The Prometheus of a URL. @throws HarnessError PROMETHEUS_UNREACHABLE, PROMETHEUS_ERROR, BAD_PROMETHEUS_ACCESS */
export async function prometheusAt(
  url: string,
  access: PrometheusAccess,
  transport: ReadOnlyTransport,
  pods: readonly PodObject[],
): Promise<ConnectedPrometheus> {
  const client = new PrometheusClient(url, { ...recordedBy(transport), access });
  await client.buildInfo();
  const info = (await client.read('/api/v1/status/runtimeinfo').catch(() => ({}))) as { hostname?: string };
  return { client, where: client.url, pod: podOfHost(pods, info.hostname) };
}

/**
 * The Prometheus among the pods of a cluster, by way of the API server; where its policy lets nobody in without an identity,
 * through its own loopback.
 * @throws HarnessError PROMETHEUS_NOT_FOUND, PROMETHEUS_UNREACHABLE, PROMETHEUS_ERROR
 */
export async function prometheusIn(
  pods: readonly PodObject[],
  transport: ReadOnlyTransport,
  stack: AsyncDisposableStack,
): Promise<ConnectedPrometheus> {
  const { pod, port } = findPrometheus(pods);
  const { name, namespace = '' } = pod.metadata;
  const gateway = stack.use(await Gateway.open(transport, namespace, name, port));
  const client = new PrometheusClient(gateway.url, { method: 'GET', deadlineMs: DEADLINE_MS });
  const where = `${namespace}/${name}`;
  try {
    await client.buildInfo();
    return { client, where: `${where}, through the API server`, pod };
  } catch (error) {
    if (!(error instanceof HarnessError) || !/HTTP 403/.test(error.message)) throw error;
  }
  const forwarded = stack.use(await listenFor(transport, { namespace, pod: name, port }));
  const direct = new PrometheusClient(forwarded.url, recordedBy(transport));
  await direct.buildInfo();
  return { client: direct, where: `${where}, through a forwarded port`, pod };
}

/** GET alone, and each request in the same account. */
function recordedBy({ account }: ReadOnlyTransport) {
  return {
    method: 'GET' as const,
    deadlineMs: DEADLINE_MS,
    onRequest: ({ method, url, outcome }: { method: string; url: string; outcome: number | string }) =>
      account.note({ method, verb: 'get', path: url, as: null, outcome }),
  };
}
