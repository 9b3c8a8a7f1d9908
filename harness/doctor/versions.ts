import type { PodObject } from '../environment/kubernetes/contract.ts';
import type { Evidence, EvidencePod } from '../evidence/types.ts';
import { contextOf } from '../verdict/diagnose/context/index.ts';
import type { ProxyReport, Versions } from './types.ts';

/** Who runs which version, as its pods and pages say it. */
export function versionsOf(
  evidence: Evidence,
  proxies: readonly ProxyReport[],
  known: { kubernetes: string; prometheus: PodObject | null },
): Versions {
  return {
    controlPlane: counted(contextOf(evidence).components.map(componentVersion)),
    proxies: counted(proxies.map(({ version }) => version)),
    // One that was built without its version says none.
    prometheus: evidence.prometheus.version || prometheusTag(known.prometheus),
    kubernetes: known.kubernetes,
  };
}

/** `linkerd/cli edge-26.8.3` in its annotation, else the tag of its image. */
function componentVersion({ metadata, spec }: EvidencePod): string {
  const said = metadata.annotations?.['linkerd.io/created-by']?.split(' ').at(-1);
  const image = spec.containers.find(({ name }) => name !== 'linkerd-proxy')?.image ?? '';
  return said || tagOf(image);
}

function prometheusTag(pod: PodObject | null): string {
  return tagOf(pod?.spec.containers.find(({ name }) => name === 'prometheus')?.image ?? '');
}

function tagOf(image: string): string {
  return /:([^:/@]+)(?:@.*)?$/.exec(image)?.[1] ?? '';
}

function counted(versions: string[]): Record<string, number> {
  const known = versions.filter((version) => version !== '').sort();
  return Object.fromEntries(
    [...Map.groupBy(known, (version) => version)].map(([version, all]) => [version, all.length]),
  );
}
