import type { ComponentName } from '../component-env.ts';
import type { ControlPlaneSpec } from '../contract.ts';
import { componentLabels, createdBy, owned } from './common.ts';
import type { Manifest } from './types.ts';

interface Rule {
  apiGroups: string[];
  resources: string[];
  verbs: string[];
}

/** What each may do, cluster-wide, and nothing else. */
const RULES: Record<ComponentName, Rule[]> = {
  destination: [
    { apiGroups: [''], resources: ['pods', 'services'], verbs: ['list', 'watch'] },
    { apiGroups: ['apps'], resources: ['replicasets'], verbs: ['list', 'watch'] },
    { apiGroups: ['gateway.networking.k8s.io'], resources: ['httproutes', 'grpcroutes'], verbs: ['list', 'watch'] },
    {
      apiGroups: ['policy.linkerd.io'],
      resources: [
        ...['authorizationpolicies', 'httplocalratelimitpolicies', 'httproutes', 'meshtlsauthentications'],
        ...['networkauthentications', 'servers'],
      ],
      verbs: ['list', 'watch'],
    },
    { apiGroups: ['linkerd.io'], resources: ['serviceprofiles'], verbs: ['list', 'watch'] },
  ],
  identity: [{ apiGroups: ['authentication.k8s.io'], resources: ['tokenreviews'], verbs: ['create'] }],
  'proxy-injector': [{ apiGroups: [''], resources: ['namespaces'], verbs: ['get'] }],
};

/** The component's ServiceAccount with its ClusterRole and binding; names are Linkerd's. */
export function accessManifests(spec: ControlPlaneSpec, component: ComponentName): Manifest[] {
  const account = `linkerd-${component}`;
  const role = `linkerd-${spec.namespace}-${component}`;
  const metadata = { name: role, labels: componentLabels(spec, component), annotations: createdBy(spec) };
  const rbac = 'rbac.authorization.k8s.io';
  return [
    owned(spec, component, { apiVersion: 'v1', kind: 'ServiceAccount', name: account }, {}),
    { apiVersion: `${rbac}/v1`, kind: 'ClusterRole', metadata, rules: RULES[component] },
    {
      apiVersion: `${rbac}/v1`,
      kind: 'ClusterRoleBinding',
      metadata,
      roleRef: { apiGroup: rbac, kind: 'ClusterRole', name: role },
      subjects: [{ kind: 'ServiceAccount', name: account, namespace: spec.namespace }],
    },
  ];
}
