import { createHash } from 'node:crypto';
import {
  APP_PATHS,
  AUTO_INCARNATION,
  SERVICE_ENV,
  type ServiceProcessConfig,
} from '../../../../sim-services/contract.ts';
import type { Scenario, ServiceSpec } from '../../../scenario/model.ts';
import { calleesOf, tellingPorts } from '../../callees.ts';
import type { KubernetesObject } from '../../kubernetes/contract.ts';
import { isProbedAtAdmin } from '../../mesh-fields.ts';
import { workloadConfig } from '../../workload-config.ts';
import type { Images } from '../contract.ts';
import { podPolicyAnnotations, serviceAnnotations } from './annotations.ts';
import {
  ADMIN_PORT,
  containerBasics,
  DEPLOYMENT_BASICS,
  type MeshKind,
  meshAnnotations,
  POD_BASICS,
  unprivileged,
} from './pods.ts';
import {
  appLifecycle,
  deploymentStrategy,
  journalMount,
  journalVolume,
  podBasics,
  type RolledOut,
  rolledOutAnnotations,
} from './rolled-out.ts';

const CONFIG_DIR = '/etc/meshproof';
const CONFIG_FILE = 'service.json';
const JOURNAL_DIR = '/var/lib/meshproof';
/** Changes with the configuration, so that pods of another configuration are other pods. */
const CONFIG_HASH = 'meshproof.io/config-hash';

/** Labels of a service's pods; its Service and its Deployment select by all of them. */
export function podLabels(service: ServiceSpec): Record<string, string> {
  return { app: service.name, ...service.labels };
}

/**
 * A service of a scenario as a user would write it down, the same for both meshes but for the profile that only the
 * simulated one can choose: ServiceAccount, ConfigMap, Service, Deployment.
 */
export function workloadObjects(
  scenario: Scenario,
  service: ServiceSpec,
  images: Pick<Images, 'service'>,
  mesh: MeshKind,
  exposed = false,
  rolledOut: RolledOut | null = null,
): KubernetesObject[] {
  const { name, namespace } = service;
  const config = JSON.stringify(processConfig(scenario, service), null, 2);
  const annotations = serviceAnnotations(service);
  const portName = portNameOf(service);
  const tcpPorts = tellingPorts(scenario, calleesOf(scenario, service));
  const account = { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: service.serviceAccount, namespace } };
  return [
    account,
    {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: configMapName(service), namespace },
      data: { [CONFIG_FILE]: config },
    },
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name, namespace, ...(Object.keys(annotations).length > 0 && { annotations }) },
      spec: {
        // A port of the nodes, for a load generator outside.
        ...(exposed ? { type: 'NodePort' } : {}),
        selector: podLabels(service),
        ports: [{ name: portName, port: service.port, targetPort: portName, protocol: 'TCP' }],
      },
    },
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name, namespace },
      spec: {
        ...deploymentStrategy(DEPLOYMENT_BASICS, rolledOut),
        replicas: service.replicas,
        selector: { matchLabels: podLabels(service) },
        template: {
          metadata: {
            labels: podLabels(service),
            annotations: {
              ...meshAnnotations(scenario, mesh, skippedPorts(service), tcpPorts),
              ...(!scenario.unmeshed && podPolicyAnnotations(service)),
              ...rolledOutAnnotations(rolledOut),
              [CONFIG_HASH]: createHash('sha256').update(config).digest('hex').slice(0, 16),
            },
          },
          spec: podSpec(scenario, service, images.service, rolledOut),
        },
      },
    },
  ];
}

/** The file that all pods of a service read: one entry stands for them all. */
export function processConfig(scenario: Scenario, service: ServiceSpec): ServiceProcessConfig {
  const template = {
    pod: service.name,
    replica: 0,
    listen: { host: '0.0.0.0', port: service.appPort },
    admin: { host: '0.0.0.0', port: ADMIN_PORT },
    egress: null,
    journalDir: JOURNAL_DIR,
    incarnation: AUTO_INCARNATION,
  };
  return { workloads: [workloadConfig(scenario, service, [template])] };
}

/** As people name it; Linkerd reads nothing from it. */
function portNameOf({ protocol }: ServiceSpec): string {
  return protocol === 'grpc' || protocol === 'tcp' ? protocol : 'http';
}

function skippedPorts({ skipInbound, appPort, skipOutbound }: ServiceSpec): { inbound: string; outbound?: string } {
  return {
    inbound: skipInbound ? `${ADMIN_PORT},${appPort}` : String(ADMIN_PORT),
    ...(skipOutbound?.length && { outbound: skipOutbound.join(',') }),
  };
}

function podSpec(scenario: Scenario, service: ServiceSpec, image: string, rolledOut: RolledOut | null): object {
  const probed = isProbedAtAdmin(scenario, service) ? 'admin' : portNameOf(service);
  const probe = (path: string) => ({
    httpGet: { path, port: probed },
    // The kubelet knows whole seconds only.
    periodSeconds: Math.max(1, Math.round(scenario.mesh.probeIntervalMs / 1000)),
    timeoutSeconds: 5,
  });
  return {
    ...podBasics(POD_BASICS, rolledOut),
    serviceAccountName: service.serviceAccount,
    containers: [
      {
        name: 'app',
        ...containerBasics(image),
        securityContext: unprivileged(),
        env: [
          { name: SERVICE_ENV.config, value: `${CONFIG_DIR}/${CONFIG_FILE}` },
          { name: SERVICE_ENV.podName, valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
        ],
        ports: [
          { name: portNameOf(service), containerPort: service.appPort, protocol: 'TCP' },
          { name: 'admin', containerPort: ADMIN_PORT, protocol: 'TCP' },
        ],
        // At the admin port, so that it is no traffic of the mesh: the other probes begin when it has succeeded, and don't
        // wait for their next turn after a first one that came too early.
        startupProbe: { tcpSocket: { port: 'admin' }, periodSeconds: 1, timeoutSeconds: 5, failureThreshold: 90 },
        readinessProbe: { ...probe(APP_PATHS.ready), failureThreshold: 3 },
        // A busy machine must not make it kill what is measured.
        livenessProbe: { ...probe(APP_PATHS.health), failureThreshold: 30 },
        ...appLifecycle(rolledOut),
        volumeMounts: [
          { name: 'config', mountPath: CONFIG_DIR, readOnly: true },
          // It outlives the container, so that truth survives a restart.
          { name: 'journals', mountPath: JOURNAL_DIR, ...journalMount(rolledOut, SERVICE_ENV.podName) },
        ],
      },
    ],
    volumes: [
      { name: 'config', configMap: { name: configMapName(service) } },
      { name: 'journals', ...journalVolume(rolledOut) },
    ],
  };
}

function configMapName(service: ServiceSpec): string {
  return `${service.name}-meshproof`;
}
