import { stringify } from 'yaml';
import type { KubernetesObject } from '../../../kubernetes/contract.ts';

/** A definition of the Gateway API, as short as it can be. */
export function definition(plural: string, version = 'v1.5.1', channel = 'standard'): KubernetesObject {
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: {
      name: `${plural}.gateway.networking.k8s.io`,
      annotations: {
        'gateway.networking.k8s.io/bundle-version': version,
        'gateway.networking.k8s.io/channel': channel,
      },
    },
    spec: { group: 'gateway.networking.k8s.io', names: { plural }, scope: 'Namespaced' },
    status: { conditions: null },
  };
}

/** What a release has beside the definitions. */
const POLICY: KubernetesObject = {
  apiVersion: 'admissionregistration.k8s.io/v1',
  kind: 'ValidatingAdmissionPolicy',
  metadata: { name: 'safe-upgrades' },
  spec: {},
};

/** The manifest of a release that defines these. */
export function manifest(definitions: KubernetesObject[]): string {
  return `# A release\n${[...definitions, POLICY].map((object) => `---\n${stringify(object)}`).join('')}`;
}
