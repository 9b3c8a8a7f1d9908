import type { ControlPlaneSpec } from '../contract.ts';
import { createdBy } from './common.ts';
import type { Manifest } from './types.ts';

interface Definition {
  group: string;
  version: string;
  kind: string;
  plural: string;
}

const POLICY = 'policy.linkerd.io';

/** Kinds of Linkerd's own, each in the version that Linkerd's chart stores, so that either can be installed over the other. */
const DEFINITIONS: Definition[] = [
  { group: POLICY, version: 'v1beta3', kind: 'Server', plural: 'servers' },
  { group: POLICY, version: 'v1beta3', kind: 'HTTPRoute', plural: 'httproutes' },
  { group: POLICY, version: 'v1alpha1', kind: 'AuthorizationPolicy', plural: 'authorizationpolicies' },
  { group: POLICY, version: 'v1alpha1', kind: 'MeshTLSAuthentication', plural: 'meshtlsauthentications' },
  { group: POLICY, version: 'v1alpha1', kind: 'NetworkAuthentication', plural: 'networkauthentications' },
  { group: POLICY, version: 'v1alpha1', kind: 'HTTPLocalRateLimitPolicy', plural: 'httplocalratelimitpolicies' },
  { group: 'linkerd.io', version: 'v1alpha2', kind: 'ServiceProfile', plural: 'serviceprofiles' },
];

/** What lets the objects of a scenario be applied. They are not checked: that is for Linkerd's own definitions. */
export function definitionManifests(spec: ControlPlaneSpec): Manifest[] {
  const anything = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };
  return DEFINITIONS.map(({ group, version, kind, plural }) => ({
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: {
      name: `${plural}.${group}`,
      labels: { 'linkerd.io/control-plane-ns': spec.namespace },
      annotations: createdBy(spec),
    },
    spec: {
      group,
      scope: 'Namespaced',
      names: { kind, plural, singular: kind.toLowerCase(), listKind: `${kind}List` },
      versions: [
        {
          ...{ name: version, served: true, storage: true },
          schema: { openAPIV3Schema: { type: 'object', properties: { spec: anything, status: anything } } },
        },
      ],
    },
  }));
}
