import { findProfile } from '../../profiles/index.ts';
import type { VersionProfile } from '../../profiles/types.ts';
import {
  ANNOTATIONS,
  COMMANDS,
  CONTROL_PLANE,
  PROXY_PORTS,
  PROXY_UID,
  SIDECAR_ENV,
  type SidecarSettings,
  TOKEN_AUDIENCE,
  TOKEN_PATH,
} from '../contract.ts';
import type { PodTemplate } from '../objects.ts';
import { TEMPLATE_HASH, type Workload } from '../owner.ts';
import { egressPorts, TCP_PORTS_ANNOTATION } from '../tcp-ports.ts';
import { type Annotations, annotation, opaquePorts, skippedInbound, skippedOutbound } from './annotations.ts';
import { appOf, portsOf } from './app.ts';
import type { InjectionSettings } from './settings.ts';

const TOKEN_VOLUME = 'linkerd-identity-token';
const XTABLES_VOLUME = 'linkerd-proxy-init-xtables-lock';
/** Small requests, so that many pods fit on one node; no limit: a throttled proxy would measure the throttling. */
const REQUESTS = { cpu: '10m', memory: '40Mi' };

/** Linkerd leaves three failures to its kubelet: a busy machine must not make it kill what is measured. */
export const PATIENT = { failureThreshold: 30 };

/** Redirects the pod's traffic; since 2.20 with the proxy's own image (facts, section 6). */
export function linkerdInit(pod: PodTemplate, namespace: Annotations, { mesh }: InjectionSettings): object {
  return {
    name: 'linkerd-init',
    image: mesh.image,
    imagePullPolicy: 'IfNotPresent',
    command: [...COMMANDS.redirect],
    args: [
      skippedInbound(pod, namespace).text,
      skippedOutbound(pod, namespace).text,
      calledPorts(pod, namespace).join(','),
      declaredOpaque(pod, namespace).join(','),
    ],
    resources: { requests: { cpu: '10m', memory: '10Mi' } },
    // iptables needs root, unlike Linkerd's own program, whose file has the capabilities.
    securityContext: {
      allowPrivilegeEscalation: false,
      capabilities: { drop: ['ALL'], add: ['NET_ADMIN', 'NET_RAW'] },
      privileged: false,
      readOnlyRootFilesystem: true,
      runAsNonRoot: false,
      runAsUser: 0,
    },
    terminationMessagePolicy: 'FallbackToLogsOnError',
    volumeMounts: [{ name: XTABLES_VOLUME, mountPath: '/run' }],
  };
}

/**
 * The proxy. Since 2.20 it is a native sidecar: what starts after it waits until its startup probe passes. Before, it is the
 * first of the pod's containers, and the kubelet starts the next when its postStart hook has ended, which waits until the
 * proxy is ready. In the control plane's own pods there is neither: a proxy is ready when it has a certificate and knows the
 * mesh, and the containers that give both would wait for it for ever.
 * @throws HarnessError UNKNOWN_MESH_VERSION
 */
export function linkerdProxy(
  pod: PodTemplate,
  workload: Workload,
  namespace: Annotations,
  settings: InjectionSettings,
): object {
  const probe = (path: string) => ({ httpGet: { path, port: PROXY_PORTS.admin } });
  const startupProbe = { ...probe('/ready'), periodSeconds: 1, failureThreshold: 120 };
  const { nativeSidecar } = profileOf(pod, namespace, settings).chart;
  const waitSeconds = annotation(ANNOTATIONS.waitBeforeExitSeconds, pod, namespace) ?? '0';
  const awaited = nativeSidecar
    ? { startupProbe }
    : {
        lifecycle: {
          postStart: { exec: { command: [...COMMANDS.await] } },
          // A native sidecar ends after the others by itself (facts, section 9).
          ...(Number(waitSeconds) > 0 && { preStop: { exec: { command: ['/bin/sleep', waitSeconds] } } }),
        },
      };
  return {
    name: 'linkerd-proxy',
    image: settings.mesh.image,
    imagePullPolicy: 'IfNotPresent',
    command: [...COMMANDS.sidecar],
    ...(nativeSidecar && { restartPolicy: 'Always' }),
    env: proxyEnv(pod, workload, namespace, settings),
    ports: [
      { name: 'linkerd-proxy', containerPort: PROXY_PORTS.inbound, protocol: 'TCP' },
      {
        name: annotation(ANNOTATIONS.adminPortName, pod, namespace) ?? 'linkerd-admin',
        containerPort: PROXY_PORTS.admin,
        protocol: 'TCP',
      },
    ],
    ...(settings.component ? {} : awaited),
    livenessProbe: { ...probe('/live'), initialDelaySeconds: 10, ...PATIENT },
    // Without a startup probe the first look comes too early, and the next of its kind only after ten seconds.
    readinessProbe: { ...probe('/ready'), initialDelaySeconds: 2, ...(settings.component ? { periodSeconds: 2 } : {}) },
    resources: { requests: REQUESTS },
    securityContext: {
      allowPrivilegeEscalation: false,
      capabilities: { drop: ['ALL'] },
      readOnlyRootFilesystem: true,
      runAsNonRoot: true,
      runAsUser: PROXY_UID,
      runAsGroup: PROXY_UID,
      seccompProfile: { type: 'RuntimeDefault' },
    },
    terminationMessagePolicy: 'FallbackToLogsOnError',
    volumeMounts: [{ name: TOKEN_VOLUME, mountPath: TOKEN_PATH.slice(0, TOKEN_PATH.lastIndexOf('/')), readOnly: true }],
  };
}

export const VOLUMES: readonly { name: string; [key: string]: unknown }[] = [
  { name: XTABLES_VOLUME, emptyDir: {} },
  {
    name: TOKEN_VOLUME,
    projected: {
      sources: [
        {
          serviceAccountToken: {
            path: TOKEN_PATH.slice(TOKEN_PATH.lastIndexOf('/') + 1),
            audience: TOKEN_AUDIENCE,
            expirationSeconds: 86_400,
          },
        },
      ],
    },
  },
];

/** The ports of its containers that are opaque. */
function declaredOpaque(pod: PodTemplate, namespace: Annotations): number[] {
  const opaque = opaquePorts(pod, namespace);
  return portsOf(pod).filter((port) => opaque.includes(port));
}

function calledPorts(pod: PodTemplate, namespace: Annotations): number[] {
  return egressPorts([ANNOTATIONS.opaquePorts, TCP_PORTS_ANNOTATION].map((name) => annotation(name, pod, namespace)));
}

function proxyEnv(pod: PodTemplate, workload: Workload, namespace: Annotations, settings: InjectionSettings): object[] {
  const { mesh, anchorPem, component } = settings;
  const sidecar: SidecarSettings = {
    version: profileOf(pod, namespace, settings).linkerdVersion,
    trustDomain: mesh.trustDomain,
    controlPlaneNamespace: mesh.namespace,
    vizNamespace: mesh.vizNamespace,
    workloadKind: workload.kind,
    workload: workload.name,
    podTemplateHash: pod.metadata.labels?.[TEMPLATE_HASH] ?? '',
    ports: portsOf(pod),
    opaquePorts: declaredOpaque(pod, namespace),
    egressPorts: calledPorts(pod, namespace),
    app: appOf(pod, skippedInbound(pod, namespace)),
  };
  const field = (name: string, fieldPath: string) => ({ name, valueFrom: { fieldRef: { fieldPath } } });
  return [
    field(SIDECAR_ENV.podName, 'metadata.name'),
    field(SIDECAR_ENV.podNamespace, 'metadata.namespace'),
    field(SIDECAR_ENV.podUid, 'metadata.uid'),
    field(SIDECAR_ENV.podIp, 'status.podIP'),
    field(SIDECAR_ENV.serviceAccount, 'spec.serviceAccountName'),
    { name: SIDECAR_ENV.settings, value: JSON.stringify(sidecar) },
    { name: SIDECAR_ENV.trustAnchors, value: anchorPem },
    { name: SIDECAR_ENV.tokenFile, value: TOKEN_PATH },
    ...ownComponent(component),
  ];
}

/** As Linkerd's: the proxy beside a component asks that component within the pod. */
function ownComponent(component: InjectionSettings['component']): object[] {
  if (component === 'identity') {
    return [{ name: 'LINKERD2_PROXY_IDENTITY_SVC_ADDR', value: `127.0.0.1:${CONTROL_PLANE.identity.port}` }];
  }
  if (component === 'destination') {
    return [{ name: 'LINKERD2_PROXY_DESTINATION_SVC_ADDR', value: `127.0.0.1:${CONTROL_PLANE.destination.port}` }];
  }
  return [];
}

/** The pod's version of the proxy. @throws HarnessError UNKNOWN_MESH_VERSION */
export function profileOf(pod: PodTemplate, namespace: Annotations, { mesh }: InjectionSettings): VersionProfile {
  return findProfile(annotation(ANNOTATIONS.proxyVersion, pod, namespace) ?? mesh.version);
}
