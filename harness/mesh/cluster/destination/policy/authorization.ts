import type { Authorization } from '../../../../core/policy.ts';
import { identityName } from '../../../../core/topology.ts';
import type { AuthorizationPolicySpec, Declared, DeclaredPolicies, TargetRef } from './objects.ts';

export interface MeshNames {
  trustDomain: string;
  controlPlaneNamespace: string;
}

/**
 * Whom an AuthorizationPolicy lets in; null for one that Linkerd ignores: it requires what is not there, or two of a kind. A
 * network's exceptions are not known to policies here.
 */
export function authorizationOf(
  { metadata, spec }: Declared<AuthorizationPolicySpec>,
  declared: DeclaredPolicies,
  names: MeshNames,
): Authorization | null {
  const { namespace, name } = metadata;
  let identities: string[] | null = null;
  let networks: string[] | null = null;
  for (const required of spec.requiredAuthenticationRefs ?? []) {
    if (required.kind === 'NetworkAuthentication') {
      const found = find(declared.networkAuthentications, required, namespace);
      if (!found || networks) return null;
      networks = (found.spec.networks ?? []).map(({ cidr }) => cidr);
    } else {
      const found = identitiesOf(required, namespace, declared, names);
      if (!found || identities) return null;
      identities = found;
    }
  }
  const ref = { group: 'policy.linkerd.io', kind: 'authorizationpolicy', namespace, name };
  return { ref, networks: networks ?? [], identities };
}

function identitiesOf(
  ref: TargetRef,
  namespace: string,
  declared: DeclaredPolicies,
  names: MeshNames,
): string[] | null {
  if (ref.kind === 'ServiceAccount') return [identityOf(ref, namespace, names)];
  if (ref.kind !== 'MeshTLSAuthentication') return null;
  const found = find(declared.meshTlsAuthentications, ref, namespace);
  if (!found) return null;
  const { identities = [], identityRefs = [] } = found.spec;
  const all = [...identities, ...identityRefs.map((one) => identityOf(one, found.metadata.namespace, names))];
  return all.length > 0 ? all : null;
}

/** A ServiceAccount's name in the mesh, or those of a whole namespace. */
function identityOf(ref: TargetRef, namespace: string, { trustDomain, controlPlaneNamespace }: MeshNames): string {
  return ref.kind === 'Namespace'
    ? `*.${ref.name}.serviceaccount.identity.${controlPlaneNamespace}.${trustDomain}`
    : identityName(ref.name, ref.namespace ?? namespace, controlPlaneNamespace, trustDomain);
}

function find<Spec>(objects: Declared<Spec>[], ref: TargetRef, namespace: string): Declared<Spec> | undefined {
  const of = ref.namespace ?? namespace;
  return objects.find(({ metadata }) => metadata.name === ref.name && metadata.namespace === of);
}
