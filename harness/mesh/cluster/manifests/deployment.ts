import { findProfile } from '../../profiles/index.ts';
import { ADMIN_PORTS, type ComponentName, MOUNTS, SPEC_ENV } from '../component-env.ts';
import { ANNOTATIONS, COMMANDS, CONTROL_PLANE, type ControlPlaneSpec } from '../contract.ts';
import { PATIENT } from '../injector/containers.ts';
import { inject } from '../injector/inject.ts';
import { applyPatch } from '../injector/patch.ts';
import { componentLabels, createdBy, owned } from './common.ts';
import { SECRETS } from './secrets.ts';
import type { ControlPlaneMaterial, Manifest } from './types.ts';

/** Linkerd's controllers run as this user. */
const CONTROLLER_UID = 2103;
/** The API server's ports: components talk to it directly, as Linkerd's do. */
const API_PORTS = '443,6443';

interface ComponentSpec {
  command: readonly string[];
  port: { name: string; containerPort: number };
  mounts: { name: string; mountPath: string; volume: Record<string, unknown> }[];
}

const trustRoots = {
  name: 'trust-roots',
  mountPath: MOUNTS.trustRoots.dir,
  volume: { configMap: { name: SECRETS.trustRoots } },
};
const tls = (secretName: string) => ({ name: 'tls', mountPath: MOUNTS.tls.dir, volume: { secret: { secretName } } });
const issuer = {
  name: 'identity-issuer',
  mountPath: MOUNTS.issuer.dir,
  volume: { secret: { secretName: SECRETS.issuer } },
};

const COMPONENTS: Record<ComponentName, ComponentSpec> = {
  destination: {
    command: COMMANDS.destination,
    port: { name: 'dest-grpc', containerPort: CONTROL_PLANE.destination.port },
    mounts: [tls(SECRETS.destinationTls)],
  },
  identity: {
    command: COMMANDS.identity,
    port: { name: 'ident-grpc', containerPort: CONTROL_PLANE.identity.port },
    mounts: [issuer, trustRoots],
  },
  'proxy-injector': {
    command: COMMANDS.injector,
    port: { name: 'proxy-injector', containerPort: CONTROL_PLANE.injector.targetPort },
    mounts: [tls(SECRETS.injectorTls), trustRoots],
  },
};

/**
 * A component's Deployment of one pod, with a proxy of its own that the same injection made as every other pod's, so that it
 * is scraped like them. The component's own port is not redirected: its TLS is not the proxy's.
 * @throws HarnessError UNKNOWN_MESH_VERSION
 */
export function deploymentManifest(
  spec: ControlPlaneSpec,
  component: ComponentName,
  material: ControlPlaneMaterial,
): Manifest {
  const name = `linkerd-${component}`;
  const head = { apiVersion: 'apps/v1', kind: 'Deployment', name };
  const labels = { ...componentLabels(spec, component), 'linkerd.io/proxy-deployment': name };
  const template = injected(spec, component, material);
  const manifest = owned(spec, component, head, {
    spec: {
      replicas: 1,
      // Two at a time could have different keys.
      strategy: { type: 'Recreate' },
      selector: { matchLabels: labels },
      template,
    },
  });
  manifest.metadata.labels = { ...appLabels(spec, component), ...manifest.metadata.labels };
  return manifest;
}

function injected(spec: ControlPlaneSpec, component: ComponentName, material: ControlPlaneMaterial) {
  const { command, port, mounts } = COMPONENTS[component];
  const admin = ADMIN_PORTS[component];
  const { adminPorts } = findProfile(spec.version).chart;
  const probe = (path: string) => ({ httpGet: { path, port: admin.port } });
  const pod = {
    metadata: {
      namespace: spec.namespace,
      labels: componentLabels(spec, component),
      annotations: {
        ...createdBy(spec),
        [ANNOTATIONS.inject]: 'enabled',
        [ANNOTATIONS.skipInboundPorts]: String(port.containerPort),
        [ANNOTATIONS.skipOutboundPorts]: API_PORTS,
      },
      // As the Deployment's ReplicaSet will own it.
      ownerReferences: [{ kind: 'Deployment', name: `linkerd-${component}`, controller: true }],
    },
    spec: {
      serviceAccountName: `linkerd-${component}`,
      automountServiceAccountToken: true,
      terminationGracePeriodSeconds: 5,
      containers: [
        {
          name: component,
          image: spec.image,
          imagePullPolicy: 'IfNotPresent',
          command: [...command],
          env: [{ name: SPEC_ENV, value: JSON.stringify(spec) }],
          ports: [
            { ...port, protocol: 'TCP' },
            { name: adminPorts[admin.name], containerPort: admin.port, protocol: 'TCP' },
          ],
          livenessProbe: { ...probe('/ping'), initialDelaySeconds: 10, ...PATIENT },
          readinessProbe: { ...probe('/ready'), periodSeconds: 1, failureThreshold: 7 },
          resources: { requests: { cpu: '10m', memory: '50Mi' } },
          securityContext: {
            allowPrivilegeEscalation: false,
            capabilities: { drop: ['ALL'] },
            readOnlyRootFilesystem: true,
            runAsNonRoot: true,
            runAsUser: CONTROLLER_UID,
            runAsGroup: CONTROLLER_UID,
            seccompProfile: { type: 'RuntimeDefault' },
          },
          volumeMounts: mounts.map(({ name, mountPath }) => ({ name, mountPath, readOnly: true })),
        },
      ],
      volumes: mounts.map(({ name, volume }) => ({ name, ...volume })),
    },
  };
  const settings = { mesh: spec, anchorPem: material.authority.anchorPem, component };
  const { metadata, spec: podSpec } = applyPatch(pod, inject(pod, undefined, settings) ?? []);
  const { labels, annotations } = metadata;
  return { metadata: { labels, annotations }, spec: podSpec };
}

function appLabels(spec: ControlPlaneSpec, component: ComponentName): Record<string, string> {
  return {
    'app.kubernetes.io/name': component,
    'app.kubernetes.io/part-of': 'Linkerd',
    'app.kubernetes.io/version': spec.version,
  };
}
