import type { AccessOutcome, DiscoveryAccess } from '../../../evidence/types.ts';
import { isAllowed, type PolicyRule, type RoleGrant, serviceAccountUser } from '../../../mesh/kubernetes/rbac.ts';
import type { KubernetesObject } from '../contract.ts';

interface Role extends KubernetesObject {
  rules?: PolicyRule[] | null;
}
interface Binding extends KubernetesObject {
  roleRef: { kind: string; name: string };
  subjects?: { kind: string; name: string; namespace?: string }[] | null;
}

export interface RbacObjects {
  clusterRoles: Role[];
  clusterRoleBindings: Binding[];
  roles: Role[];
  roleBindings: Binding[];
}

/** Whether roles and bindings let a ServiceAccount list pods: in all namespaces, else in each of those given. */
export function accessByRoles(
  objects: RbacObjects,
  account: { namespace: string; name: string },
  namespaces: readonly string[],
): DiscoveryAccess {
  const user = serviceAccountUser(account.namespace, account.name);
  const grants = grantsOf(objects, account);
  const may = (namespace: string | null): AccessOutcome =>
    isAllowed(grants, { user, verb: 'list', apiGroup: '', resource: 'pods', namespace, name: null })
      ? 'allowed'
      : 'forbidden';
  const everywhere = may(null);
  const narrow = everywhere === 'allowed' ? [] : namespaces.map((namespace) => [namespace, may(namespace)] as const);
  const bound = grants.map(({ role }) => role);
  return {
    how: 'roles and bindings',
    user,
    everywhere,
    namespaces: Object.fromEntries(narrow),
    message: bound.length > 0 ? `it is bound to ${[...new Set(bound)].join(', ')}` : 'it is bound to no role',
  };
}

/** Those of the roles that are bound to the account, by itself or by a group that it is in. */
function grantsOf(objects: RbacObjects, account: { namespace: string; name: string }): RoleGrant[] {
  const users = [serviceAccountUser(account.namespace, account.name)];
  const groups = new Set([
    'system:serviceaccounts',
    `system:serviceaccounts:${account.namespace}`,
    'system:authenticated',
  ]);
  const isOf = ({ subjects, metadata }: Binding) =>
    (subjects ?? []).some(({ kind, name, namespace = metadata.namespace }) => {
      if (kind === 'ServiceAccount') return name === account.name && namespace === account.namespace;
      return kind === 'Group' ? groups.has(name) : users.includes(name);
    });
  const rulesOf = ({ roleRef, metadata }: Binding) => {
    const among = roleRef.kind === 'ClusterRole' ? objects.clusterRoles : objects.roles;
    const role = among.find(
      (each) =>
        each.metadata.name === roleRef.name &&
        (roleRef.kind === 'ClusterRole' || each.metadata.namespace === metadata.namespace),
    );
    return (role?.rules ?? []).map((rule) => ({
      ...rule,
      apiGroups: rule.apiGroups ?? [],
      resources: rule.resources ?? [],
    }));
  };
  const grant = (binding: Binding, namespaces: string[] | null): RoleGrant => ({
    ...{ role: binding.roleRef.name, users, rules: rulesOf(binding), namespaces },
  });
  return [
    ...objects.clusterRoleBindings.filter(isOf).map((binding) => grant(binding, null)),
    ...objects.roleBindings.filter(isOf).map((binding) => grant(binding, [binding.metadata.namespace ?? ''])),
  ];
}
