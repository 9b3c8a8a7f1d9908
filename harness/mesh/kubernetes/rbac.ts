import type { ResourceAttempt } from './status.ts';

/** One rule of a Role or ClusterRole; `*` stands for everything. */
export interface PolicyRule {
  apiGroups: string[];
  /** With subresources: `pods`, `nodes/proxy`, `*`, and `*` + `/proxy`. */
  resources: string[];
  verbs: string[];
  /** Only these objects; none given means all. They can't grant list or watch of a collection. */
  resourceNames?: string[];
}

/** A role and whom it is bound to. */
export interface RoleGrant {
  /** Name of the role, for people. */
  role: string;
  /** User names: `system:serviceaccount:linkerd-viz:prometheus`. */
  users: string[];
  rules: PolicyRule[];
  /** A RoleBinding in each of these namespaces; null: a ClusterRoleBinding. */
  namespaces?: string[] | null;
}

/** Whether any grant allows the attempt, by Kubernetes' rules: grants add up, nothing is denied. */
export function isAllowed(grants: readonly RoleGrant[], attempt: ResourceAttempt): boolean {
  return grants.some(
    (grant) =>
      grant.users.includes(attempt.user) &&
      coversNamespace(grant, attempt.namespace) &&
      grant.rules.some((rule) => ruleAllows(rule, attempt)),
  );
}

function coversNamespace(grant: RoleGrant, namespace: string | null): boolean {
  if (!grant.namespaces) return true;
  return namespace !== null && grant.namespaces.includes(namespace);
}

function ruleAllows(rule: PolicyRule, attempt: ResourceAttempt): boolean {
  return (
    includesOrAll(rule.verbs, attempt.verb) &&
    includesOrAll(rule.apiGroups, attempt.apiGroup) &&
    rule.resources.some((resource) => resourceMatches(resource, attempt.resource)) &&
    (!rule.resourceNames?.length || (attempt.name !== null && rule.resourceNames.includes(attempt.name)))
  );
}

function includesOrAll(list: string[], value: string): boolean {
  return list.includes('*') || list.includes(value);
}

function resourceMatches(rule: string, resource: string): boolean {
  if (rule === '*' || rule === resource) return true;
  const sub = resource.split('/')[1];
  return sub !== undefined && rule === `*/${sub}`;
}

/** User name of a ServiceAccount. */
export function serviceAccountUser(namespace: string, name: string): string {
  return `system:serviceaccount:${namespace}:${name}`;
}

/** The ClusterRole and its binding that linkerd-viz gives its Prometheus (telemetry facts, section 4). */
export function vizPrometheusGrant(vizNamespace: string): RoleGrant {
  return {
    role: `linkerd-${vizNamespace}-prometheus`,
    users: [serviceAccountUser(vizNamespace, 'prometheus')],
    rules: [{ apiGroups: [''], resources: ['nodes', 'nodes/proxy', 'pods'], verbs: ['get', 'list', 'watch'] }],
    namespaces: null,
  };
}
