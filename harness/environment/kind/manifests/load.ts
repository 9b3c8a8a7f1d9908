import { AGENT_ENV, AGENT_PATHS } from '../../../core/load-agent.ts';
import { LOAD_WORKLOAD, type Scenario } from '../../../scenario/model.ts';
import { loadTargets, tellingPorts } from '../../callees.ts';
import type { KubernetesObject } from '../../kubernetes/contract.ts';
import type { Images } from '../contract.ts';
import {
  ADMIN_PORT,
  containerBasics,
  DEPLOYMENT_BASICS,
  type MeshKind,
  meshAnnotations,
  POD_BASICS,
  unprivileged,
} from './pods.ts';

const WORK_DIR = '/var/lib/meshproof';
export const LOAD_LABELS = { app: LOAD_WORKLOAD.name };

/** The load generator as a workload of the mesh: an agent that runs k6 when it is asked to. */
export function loadObjects(scenario: Scenario, images: Pick<Images, 'load'>, mesh: MeshKind): KubernetesObject[] {
  const { name, namespace, serviceAccount } = LOAD_WORKLOAD;
  const tcpPorts = tellingPorts(scenario, loadTargets(scenario));
  const annotations = meshAnnotations(scenario, mesh, { inbound: String(ADMIN_PORT) }, tcpPorts);
  return [
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: serviceAccount, namespace } },
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name, namespace },
      spec: {
        ...DEPLOYMENT_BASICS,
        replicas: 1,
        selector: { matchLabels: LOAD_LABELS },
        template: { metadata: { labels: LOAD_LABELS, annotations }, spec: podSpec(images.load) },
      },
    },
  ];
}

function podSpec(image: string): object {
  return {
    ...POD_BASICS,
    serviceAccountName: LOAD_WORKLOAD.serviceAccount,
    containers: [
      {
        name: LOAD_WORKLOAD.name,
        ...containerBasics(image),
        command: ['node', '/meshproof/agent.mjs'],
        env: [
          { name: AGENT_ENV.workDir, value: WORK_DIR },
          // k6 wants a home, if only to look for a configuration in it.
          { name: 'HOME', value: WORK_DIR },
        ],
        securityContext: unprivileged(),
        ports: [{ name: 'admin', containerPort: ADMIN_PORT, protocol: 'TCP' }],
        readinessProbe: {
          httpGet: { path: AGENT_PATHS.ready, port: ADMIN_PORT },
          periodSeconds: 1,
          timeoutSeconds: 5,
          failureThreshold: 3,
        },
        volumeMounts: [{ name: 'work', mountPath: WORK_DIR }],
      },
    ],
    volumes: [{ name: 'work', emptyDir: {} }],
  };
}
