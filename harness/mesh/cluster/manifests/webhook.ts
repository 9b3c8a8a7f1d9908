import { CONTROL_PLANE, type ControlPlaneSpec } from '../contract.ts';
import { componentLabels, createdBy } from './common.ts';
import { base64 } from './secrets.ts';
import type { ControlPlaneMaterial, Manifest } from './types.ts';

export const WEBHOOK = 'linkerd-proxy-injector-webhook-config';
/** A namespace with this label set to `disabled` is never asked about. */
export const ADMISSION_LABEL = 'config.linkerd.io/admission-webhooks';

/** As Linkerd's, failurePolicy included: with the injector down pods come up without a sidecar. Applied when it is ready. */
export function webhookManifest(spec: ControlPlaneSpec, material: ControlPlaneMaterial): Manifest {
  return {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'MutatingWebhookConfiguration',
    metadata: { name: WEBHOOK, labels: componentLabels(spec, 'proxy-injector'), annotations: createdBy(spec) },
    webhooks: [
      {
        name: 'linkerd-proxy-injector.linkerd.io',
        namespaceSelector: {
          matchExpressions: [
            { key: ADMISSION_LABEL, operator: 'NotIn', values: ['disabled'] },
            { key: 'kubernetes.io/metadata.name', operator: 'NotIn', values: ['kube-system', 'cert-manager'] },
          ],
        },
        clientConfig: {
          service: {
            name: CONTROL_PLANE.injector.service,
            namespace: spec.namespace,
            path: '/',
            port: CONTROL_PLANE.injector.port,
          },
          caBundle: base64(material.authority.anchorPem),
        },
        failurePolicy: 'Ignore',
        admissionReviewVersions: ['v1'],
        rules: [
          { operations: ['CREATE'], apiGroups: [''], apiVersions: ['v1'], resources: ['pods'], scope: 'Namespaced' },
        ],
        sideEffects: 'None',
        timeoutSeconds: 10,
      },
    ],
  };
}
