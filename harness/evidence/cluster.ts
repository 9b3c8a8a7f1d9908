import { describe, HarnessError } from '../core/errors.ts';
import type { KubernetesObject } from '../core/kubernetes-object.ts';
import type { EvidenceSource } from '../environment/contract.ts';
import type { Reading } from './reading.ts';
import type { ClusterEvidence, EvidencePod } from './types.ts';

type Kind = { apiVersion: string; kind: string };

const CORE = (kind: string): Kind => ({ apiVersion: 'v1', kind });
const LINKERD = (version: string, kind: string): Kind => ({ apiVersion: `policy.linkerd.io/${version}`, kind });
const GATEWAY = (version: string, kind: string): Kind => ({ apiVersion: `gateway.networking.k8s.io/${version}`, kind });
const RBAC = (kind: string): Kind => ({ apiVersion: 'rbac.authorization.k8s.io/v1', kind });

/** Whatever decides what a proxy lets in or does with a request. */
const POLICIES: Kind[] = [
  LINKERD('v1beta3', 'Server'),
  LINKERD('v1beta1', 'ServerAuthorization'),
  LINKERD('v1alpha1', 'AuthorizationPolicy'),
  LINKERD('v1alpha1', 'MeshTLSAuthentication'),
  LINKERD('v1alpha1', 'NetworkAuthentication'),
  LINKERD('v1alpha1', 'HTTPLocalRateLimitPolicy'),
  LINKERD('v1alpha1', 'EgressNetwork'),
  LINKERD('v1beta3', 'HTTPRoute'),
  GATEWAY('v1', 'HTTPRoute'),
  GATEWAY('v1', 'GRPCRoute'),
  { apiVersion: 'linkerd.io/v1alpha2', kind: 'ServiceProfile' },
];
const ROLES = ['ClusterRole', 'ClusterRoleBinding', 'Role', 'RoleBinding'].map(RBAC);

/** The pods first: whoever waits for them need not wait for the rest. Neither rejects. */
export function readCluster(
  source: Pick<EvidenceSource, 'list'>,
  reading: Reading,
): { pods: Promise<EvidencePod[] | null>; rest: Promise<Omit<ClusterEvidence, 'pods'>> } {
  const list = (kind: Kind) => source.list(kind);
  const pods = reading.have('pods', async () => (await list(CORE('Pod'))) as EvidencePod[]);
  const rest = Promise.all([
    reading.have('services', () => list(CORE('Service'))),
    reading.have('namespaces', () => list(CORE('Namespace'))),
    reading.have('policies', () => someOf(POLICIES, list, (kind, why) => reading.missing(`policies: ${kind}`, why))),
    reading.have('roles', async () => {
      const objects = await someOf(ROLES, list, (kind, why) => reading.missing(`roles: ${kind}`, why));
      return ofPrometheus(objects, (await pods) ?? []);
    }),
  ]).then(([services, namespaces, policies, rbac]) => ({ services, namespaces, policies, rbac }));
  return { pods, rest };
}

/** Of several kinds those that the API serves and shows. @throws what the first was refused with, when there are none */
async function someOf(
  kinds: readonly Kind[],
  list: (kind: Kind) => Promise<KubernetesObject[]>,
  missing: (kind: string, why: string) => void,
): Promise<KubernetesObject[]> {
  const outcomes = await Promise.allSettled(kinds.map(list));
  const refused = outcomes.flatMap((one, i) =>
    one.status === 'rejected' ? [{ kind: kinds[i]!, error: one.reason }] : [],
  );
  if (refused.length === kinds.length) throw refused[0]!.error;
  for (const { kind, error } of refused) if (!isNotServed(error)) missing(kind.kind, describe(error));
  return outcomes.flatMap((one) => (one.status === 'fulfilled' ? one.value : []));
}

/** Not every cluster has every kind: there are none of it then. */
function isNotServed(error: unknown): boolean {
  return (
    error instanceof HarnessError && /\b404\b|KIND_UNKNOWN|not found|no matches/i.test(`${error.code} ${error.message}`)
  );
}

interface Binding extends KubernetesObject {
  subjects?: { kind: string; name: string; namespace?: string }[];
  roleRef: { kind: string; name: string };
}

/** The bindings of the accounts of pods that are a Prometheus, and the roles that these name. */
function ofPrometheus(objects: readonly KubernetesObject[], pods: readonly EvidencePod[]): KubernetesObject[] {
  const accounts = new Set(
    pods
      .filter(({ spec }) => spec?.containers.some(isPrometheus))
      .map(({ metadata, spec }) => `${metadata.namespace}/${spec.serviceAccountName ?? 'default'}`),
  );
  const bindings = (objects.filter(({ kind }) => kind.endsWith('RoleBinding')) as Binding[]).filter(
    ({ metadata, subjects }) =>
      subjects?.some(({ kind, name, namespace = metadata.namespace }) => {
        if (kind === 'ServiceAccount') return accounts.has(`${namespace}/${name}`);
        if (kind === 'User')
          return [...accounts].some((one) => name === `system:serviceaccount:${one.replace('/', ':')}`);
        const group = /^system:serviceaccounts(?::(.+))?$/.exec(name);
        return group && [...accounts].some((one) => group[1] === undefined || one.startsWith(`${group[1]}/`));
      }),
  );
  const roles = objects.filter(({ kind, metadata }) =>
    bindings.some(
      ({ roleRef, metadata: { namespace } }) =>
        roleRef.kind === kind &&
        roleRef.name === metadata.name &&
        (kind === 'ClusterRole' || namespace === metadata.namespace),
    ),
  );
  return [...bindings, ...roles];
}

function isPrometheus({ name, image = '' }: { name: string; image?: string }): boolean {
  return name === 'prometheus' || /(?:^|\/)prometheus(?:[:@]|$)/.test(image);
}

/** What runs in every control plane. */
const COMPONENTS = new Set(['destination', 'identity', 'proxy-injector']);

/** The namespace that most of the control plane's pods are in; `linkerd` where there are none. */
export function controlPlaneNamespaceOf(pods: readonly EvidencePod[]): string {
  const counts = new Map<string, number>();
  for (const { metadata } of pods) {
    if (!COMPONENTS.has(metadata.labels?.['linkerd.io/control-plane-component'] ?? '')) continue;
    counts.set(metadata.namespace ?? '', (counts.get(metadata.namespace ?? '') ?? 0) + 1);
  }
  return [...counts].sort(([, a], [, b]) => b - a)[0]?.[0] ?? 'linkerd';
}
