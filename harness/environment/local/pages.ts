import { epochMs } from '../../core/clock.ts';
import { HarnessError } from '../../core/errors.ts';
import type { MeshPodConfig } from '../../mesh/contract.ts';
import type { ProxyPage } from '../contract.ts';

/** Fetches one sidecar's page, as Prometheus would. @throws HarnessError PROXY_PAGE */
export async function fetchPage(pod: MeshPodConfig): Promise<ProxyPage> {
  const instance = `${pod.admin.host}:${pod.admin.port}`;
  const fromMs = epochMs();
  try {
    const response = await fetch(`http://${instance}/metrics`, { signal: AbortSignal.timeout(10_000) });
    const text = await response.text();
    if (!response.ok) throw new Error(`status ${response.status}`);
    return { namespace: pod.namespace, pod: pod.name, instance, fromMs, untilMs: epochMs(), text };
  } catch (cause) {
    throw new HarnessError(
      'PROXY_PAGE',
      `${pod.namespace}/${pod.name}: http://${instance}/metrics can't be read: ${(cause as Error).message}`,
      {
        hint: 'the sidecar does not answer on its admin port; see logs/mesh.log',
        cause,
      },
    );
  }
}
