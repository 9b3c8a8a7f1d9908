import { describe } from '../core/errors.ts';
import type { PodInfo } from '../core/topology.ts';
import type { ProxyPage, RunningEnvironment } from './contract.ts';

/** Reads pages side by side; one that can't be read is no reason to lose the others. */
export async function collectPages(
  reads: readonly { pod: Pick<PodInfo, 'namespace' | 'name' | 'instance'>; read(): Promise<ProxyPage> }[],
): Promise<Awaited<ReturnType<RunningEnvironment['readProxyPages']>>> {
  const outcomes = await Promise.allSettled(reads.map(({ read }) => read()));
  const pages = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
  const unread = outcomes.flatMap((outcome, i) => {
    if (outcome.status === 'fulfilled') return [];
    const { namespace, name, instance } = reads[i]!.pod;
    return [{ namespace, pod: name, instance, error: describe(outcome.reason) }];
  });
  return { pages, unread };
}
