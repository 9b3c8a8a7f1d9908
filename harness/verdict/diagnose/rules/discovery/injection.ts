import type { KubernetesObject } from '../../../../core/kubernetes-object.ts';
import type { Evidence, EvidencePod } from '../../../../evidence/types.ts';
import { isCompleted, podId, proxyContainer } from '../../context/proxies.ts';
import type { DiagnosisInput, Finding, Rule, RunFacts } from '../../types.ts';

const INJECT = 'linkerd.io/inject';

/** Pods that should have a proxy: as declared, as their namespace says, or as their siblings have one. */
export const INJECTION: Rule = {
  causes: ['pod-not-injected'],
  needs: ['pods', 'namespaces', 'declared topology'],
  diagnose({ evidence, run }: DiagnosisInput): Finding[] {
    const pods = (evidence.cluster.pods ?? []).filter((pod) => !isCompleted(pod));
    return pods.flatMap((pod) => {
      if (proxyContainer(pod) !== null) return [];
      const why = whyExpected(pod, pods, evidence, run);
      if (why === null) return [];
      const id = podId(pod);
      const { namespace = '' } = pod.metadata;
      const isPassedOver = labelOf(namespace, evidence.cluster.namespaces) === 'disabled';
      return [
        {
          causes: ['pod-not-injected'],
          pods: [id],
          subject: '',
          summary: `${id} has no proxy, though it should: ${why}.`,
          evidence: [
            `Pod ${id}: its containers are ${containersOf(pod)}; none of them is a proxy`,
            `Why it should have one: ${why}`,
            `Pod ${id}: annotation ${INJECT} is ${pod.metadata.annotations?.[INJECT] ?? 'not there'}`,
            ...(isPassedOver ? [`Namespace ${namespace}: label ${WEBHOOKS}: disabled`] : []),
          ],
          ...(isPassedOver && { remedy: letIn(namespace, pod) }),
        },
      ];
    });
  },
};

/** With `disabled` on a namespace the API server never shows its pods to the injector (telemetry facts, section 6). */
const WEBHOOKS = 'config.linkerd.io/admission-webhooks';

function labelOf(namespace: string, namespaces: readonly KubernetesObject[] | null): string | undefined {
  return namespaces?.find(({ metadata }) => metadata.name === namespace)?.metadata.labels?.[WEBHOOKS];
}

function letIn(namespace: string, { metadata }: EvidencePod): string[] {
  return [
    `The injector never sees pods of this namespace: \`kubectl label namespace ${namespace} ${WEBHOOKS}-\`, then make the pod anew: \`kubectl -n ${namespace} delete pod ${metadata.name}\`.`,
    `If it is to stay outside the mesh: \`kubectl annotate --overwrite namespace ${namespace} ${INJECT}=disabled\`.`,
  ];
}

function whyExpected(
  pod: EvidencePod,
  pods: readonly EvidencePod[],
  evidence: Evidence,
  run: RunFacts | null,
): string | null {
  const declared = declaredIdentity(pod, run);
  if (declared !== null) return declared === '' ? null : 'the scenario has its workload in the mesh';
  // It was said, for this pod, that it is to have none.
  const own = pod.metadata.annotations?.[INJECT];
  if (own === 'disabled') return null;
  if (own === 'enabled' || own === 'ingress') return `its annotation ${INJECT} is ${own}`;
  const sibling = pods.find((other) => other !== pod && isSibling(pod, other) && proxyContainer(other) !== null);
  if (sibling) return `${podId(sibling)} of the same workload has one`;
  if ((pod.spec as { hostNetwork?: boolean }).hostNetwork) return null;
  return byNamespace(pod, evidence.cluster.namespaces);
}

/** Its identity in the mesh, as declared; empty for a workload outside the mesh; null for a pod that was not declared. */
function declaredIdentity({ metadata }: EvidencePod, run: RunFacts | null): string | null {
  const topology = run?.input.topology;
  const declared = topology?.pods.find((pod) => pod.namespace === metadata.namespace && pod.name === metadata.name);
  if (topology === undefined || declared === undefined) return null;
  return topology.workloads.find(({ id }) => id === declared.workload)?.identity ?? null;
}

function byNamespace({ metadata }: EvidencePod, namespaces: readonly KubernetesObject[] | null): string | null {
  const namespace = namespaces?.find(({ metadata: { name } }) => name === metadata.namespace);
  const inject = namespace?.metadata.annotations?.[INJECT];
  return inject === 'enabled' || inject === 'ingress' ? `its namespace has the annotation ${INJECT}: ${inject}` : null;
}

/** Made from one template: by the same controller. */
function isSibling(one: EvidencePod, other: EvidencePod): boolean {
  const owner = ownerOf(one);
  return owner !== null && one.metadata.namespace === other.metadata.namespace && ownerOf(other) === owner;
}

function ownerOf({ metadata }: EvidencePod): string | null {
  const references = (metadata.ownerReferences ?? []) as { kind?: string; name?: string; controller?: boolean }[];
  const owner = references.find(({ controller }) => controller === true) ?? references[0];
  return owner === undefined ? null : `${owner.kind}/${owner.name}`;
}

function containersOf({ spec }: EvidencePod): string {
  return (spec?.containers ?? []).map(({ name }) => name).join(', ') || 'none';
}
