import { describe, expect, it } from 'vitest';
import { DEFAULT_OPAQUE_PORTS } from '../../../core/policy.ts';
import type { SidecarSettings } from '../contract.ts';
import type { PodTemplate } from '../objects.ts';
import { inject } from './inject.ts';
import { applyPatch } from './patch.ts';
import type { InjectionSettings } from './settings.ts';

const settings: InjectionSettings = {
  mesh: {
    namespace: 'linkerd',
    vizNamespace: 'linkerd-viz',
    trustDomain: 'cluster.local',
    version: 'edge-26.8.3',
    image: 'meshproof/proxy:1',
  },
  anchorPem: '-----BEGIN CERTIFICATE-----\nMA==\n-----END CERTIFICATE-----\n',
};

/** A pod as the ReplicaSet of the Deployment `cart` asks for it. */
function cart(change: Partial<PodTemplate['metadata']> = {}, spec: Partial<PodTemplate['spec']> = {}): PodTemplate {
  return {
    metadata: {
      generateName: 'cart-664f644f88-',
      namespace: 'shop',
      labels: { app: 'cart', 'pod-template-hash': '664f644f88' },
      annotations: { 'linkerd.io/inject': 'enabled' },
      ownerReferences: [{ kind: 'ReplicaSet', name: 'cart-664f644f88', controller: true }],
      ...change,
    },
    spec: {
      serviceAccountName: 'cart',
      containers: [
        {
          name: 'app',
          ports: [{ name: 'http', containerPort: 8080 }],
          readinessProbe: { httpGet: { path: '/readyz', port: 'http' } },
          livenessProbe: { httpGet: { path: '/healthz', port: 8080 } },
        },
      ],
      ...spec,
    },
  };
}

/** What the API server makes of it. */
function injected(pod: PodTemplate, namespace?: Record<string, string>): Injected {
  const patch = inject(pod, namespace, settings);
  expect(patch).not.toBeNull();
  return applyPatch(pod, patch!) as Injected;
}

interface InjectedContainer {
  name: string;
  args?: string[];
  env?: { name: string; value?: string }[];
  [key: string]: unknown;
}
type Injected = PodTemplate & { spec: { initContainers: object[] } };

const container = (pod: Injected, name: string) =>
  (pod.spec.initContainers as unknown as InjectedContainer[]).find((c) => c.name === name)!;
const sidecarOf = (pod: Injected): SidecarSettings =>
  JSON.parse(container(pod, 'linkerd-proxy').env!.find(({ name }) => name === 'MESHPROOF_SIDECAR')!.value!);

describe('inject', () => {
  it('calls the admin port as it is told to, by the pod or its namespace', () => {
    const annotation = 'meshproof.io/admin-port-name';
    const portsOf = ({ spec }: Injected) =>
      (spec.initContainers as InjectedContainer[]).flatMap(({ name, ports }) =>
        name === 'linkerd-proxy' ? ports : [],
      );
    expect(portsOf(injected(cart(), { [annotation]: 'metrics' }))).toContainEqual(
      expect.objectContaining({ name: 'metrics', containerPort: 4191 }),
    );
    expect(portsOf(injected(cart()))).toContainEqual(expect.objectContaining({ name: 'linkerd-admin' }));
  });

  it('adds what an injected pod of 2.20 has (facts, section 6), and nothing else', () => {
    expect(injected(cart())).toMatchSnapshot();
  });

  it('makes the proxy the first container of a pod that asks for a release before native sidecars', () => {
    const versioned = cart({
      annotations: { 'linkerd.io/inject': 'enabled', 'config.linkerd.io/proxy-version': '2.19' },
    });
    const { initContainers, containers } = injected(versioned).spec;
    expect(initContainers.map(({ name }) => name)).toEqual(['linkerd-init']);
    expect(containers.map(({ name }) => name)).toEqual(['linkerd-proxy', 'app']);
    const [proxy] = containers as unknown as InjectedContainer[];
    expect(proxy).not.toHaveProperty('restartPolicy');
    expect(proxy).not.toHaveProperty('startupProbe');
    // The kubelet starts no other container before this has ended.
    expect(proxy!.lifecycle).toEqual({ postStart: { exec: { command: ['node', '/meshproof/await.mjs'] } } });
    // All else is the same.
    const { restartPolicy, startupProbe, env, ...native } = container(injected(cart()), 'linkerd-proxy');
    const { lifecycle, env: _, ...classic } = proxy!;
    expect(classic).toEqual(native);
    expect(restartPolicy).toBe('Always');
  });

  it('has the proxy stay for as long as the pod says, where it would not outlive the app by itself', () => {
    const lifecycleOf = (version: string, seconds: string) => {
      const pod = cart({
        annotations: {
          'linkerd.io/inject': 'enabled',
          'config.linkerd.io/proxy-version': version,
          'config.alpha.linkerd.io/proxy-wait-before-exit-seconds': seconds,
        },
      });
      const { containers, initContainers } = injected(pod).spec;
      const all = [...containers, ...initContainers] as unknown as InjectedContainer[];
      return all.find(({ name }) => name === 'linkerd-proxy')!.lifecycle;
    };
    expect(lifecycleOf('2.19', '8')).toMatchObject({ preStop: { exec: { command: ['/bin/sleep', '8'] } } });
    expect(lifecycleOf('2.19', '0')).not.toHaveProperty('preStop');
    expect(lifecycleOf('2.20', '8')).toBeUndefined();
  });

  it('goes by the release of the mesh where the pod names none', () => {
    const of = (version: string) =>
      applyPatch(cart(), inject(cart(), undefined, { ...settings, mesh: { ...settings.mesh, version } })!).spec
        .containers;
    expect(of('2.17').map(({ name }) => name)).toEqual(['linkerd-proxy', 'app']);
    expect(of('2.20').map(({ name }) => name)).toEqual(['app']);
  });

  it('keeps nobody waiting in the pods of the control plane', () => {
    for (const version of ['2.19', '2.20']) {
      const own = { ...settings, mesh: { ...settings.mesh, version }, component: 'identity' as const };
      const { containers, initContainers = [] } = applyPatch(cart(), inject(cart(), undefined, own)!).spec;
      const proxy = [...containers, ...initContainers].find(({ name }) => name === 'linkerd-proxy');
      expect(proxy).not.toHaveProperty('lifecycle');
      expect(proxy).not.toHaveProperty('startupProbe');
    }
  });

  it('tells the sidecar all ports that the pod declares, also those that pass it by', () => {
    const ports = [{ containerPort: 9901 }, { containerPort: 8080 }, { containerPort: 53, protocol: 'UDP' }];
    const pod = cart({
      annotations: { 'linkerd.io/inject': 'enabled', 'config.linkerd.io/skip-inbound-ports': '9901' },
    });
    pod.spec.containers[0]!.ports = ports;
    expect(sidecarOf(injected(pod))).toMatchObject({ ports: [8080, 9901], app: { port: 8080 } });
  });

  it('leaves the pod that it was given alone', () => {
    const pod = cart();
    injected(pod);
    expect(pod).toEqual(cart());
  });

  it.each([
    ['neither says anything', undefined, undefined, false],
    ['the namespace says enabled', undefined, 'enabled', true],
    ['the pod says disabled in an enabled namespace', 'disabled', 'enabled', false],
    ['the pod says enabled in a disabled namespace', 'enabled', 'disabled', true],
    ['ingress counts as enabled', 'ingress', undefined, true],
    ['anything else does not', 'yes', 'enabled', false],
  ])('%s', (_, pod, namespace, expected) => {
    const annotations = pod === undefined ? undefined : { 'linkerd.io/inject': pod };
    const patch = inject(cart({ annotations }), namespace ? { 'linkerd.io/inject': namespace } : undefined, settings);
    expect(patch !== null).toBe(expected);
  });

  it('keeps the mode as annotation, also when the namespace gave it', () => {
    const pod = injected(cart({ annotations: undefined }), { 'linkerd.io/inject': 'ingress' });
    expect(pod.metadata.annotations).toMatchObject({ 'linkerd.io/inject': 'ingress' });
  });

  it.each([
    ['on the node’s network', { hostNetwork: true }],
    ['injected already', { initContainers: [{ name: 'linkerd-proxy' }] }],
    ['injected by hand, as an ordinary container', { containers: [{ name: 'app' }, { name: 'linkerd-proxy' }] }],
    ['of another mesh', { containers: [{ name: 'app' }, { name: 'istio-proxy' }] }],
  ])('leaves a pod alone that is %s', (_, spec) => {
    expect(inject(cart({}, spec), undefined, settings)).toBeNull();
  });

  it.each([
    ['Deployment', { 'linkerd.io/proxy-deployment': 'cart' }, 'ReplicaSet', 'cart-664f644f88'],
    ['ReplicaSet', { 'linkerd.io/proxy-replicaset': 'cart-0' }, 'ReplicaSet', 'cart-0'],
    ['StatefulSet', { 'linkerd.io/proxy-statefulset': 'db' }, 'StatefulSet', 'db'],
    ['DaemonSet', { 'linkerd.io/proxy-daemonset': 'log' }, 'DaemonSet', 'log'],
    ['Job', { 'linkerd.io/proxy-job': 'seed-28' }, 'Job', 'seed-28'],
  ])('labels the pod of a %s', (kind, label, ownerKind, name) => {
    const pod = injected(cart({ ownerReferences: [{ kind: ownerKind, name, controller: true }] }));
    expect(pod.metadata.labels).toMatchObject(label);
    expect(Object.keys(pod.metadata.labels!).filter((key) => /proxy-/.test(key))).toHaveLength(1);
    expect(sidecarOf(pod)).toMatchObject({ workloadKind: kind });
  });

  it('gives a pod of nobody no workload label', () => {
    const pod = injected(cart({ ownerReferences: undefined, name: 'once' }));
    expect(Object.keys(pod.metadata.labels!).filter((key) => /proxy-/.test(key))).toEqual([]);
    expect(sidecarOf(pod)).toMatchObject({ workloadKind: 'Pod', workload: 'once' });
  });

  it('starts before the init containers of the pod, and beside its volumes', () => {
    const pod = injected(cart({}, { initContainers: [{ name: 'migrate' }], volumes: [{ name: 'data' }] }));
    expect(pod.spec.initContainers.map(({ name }) => name)).toEqual(['linkerd-init', 'linkerd-proxy', 'migrate']);
    expect(pod.spec.volumes!.map(({ name }) => name)).toEqual([
      'data',
      'linkerd-proxy-init-xtables-lock',
      'linkerd-identity-token',
    ]);
  });

  it('gives the lists of skipped ports to the redirection, the pod’s before the namespace’s', () => {
    const pod = cart({
      annotations: { 'linkerd.io/inject': 'enabled', 'config.linkerd.io/skip-inbound-ports': ' 9901, 9000-9010' },
    });
    const namespace = {
      'config.linkerd.io/skip-inbound-ports': '1',
      'config.linkerd.io/skip-outbound-ports': '3306,6379',
    };
    expect(container(injected(pod, namespace), 'linkerd-init').args).toEqual([
      ...['9901,9000-9010', '3306,6379'],
      ...[DEFAULT_OPAQUE_PORTS.join(','), ''],
    ]);
  });

  it('gives it the ports by which the sidecar knows Services of TCP, and its own that are opaque', () => {
    const pod = cart(
      { annotations: { 'config.linkerd.io/opaque-ports': '7000', 'meshproof.io/tcp-ports': '2525,3306' } },
      { containers: [{ name: 'app', ports: [{ containerPort: 7000 }, { containerPort: 8080 }] }] },
    );
    const { args } = container(injected(pod, { 'linkerd.io/inject': 'enabled' }), 'linkerd-init');
    expect(args?.slice(2)).toEqual([[...DEFAULT_OPAQUE_PORTS, 7000, 2525].join(','), '7000']);
  });

  it('stands before the first port that is not skipped, and knows the probes of that port only', () => {
    const pod = cart(
      { annotations: { 'linkerd.io/inject': 'enabled', 'config.linkerd.io/skip-inbound-ports': '9900-9910' } },
      {
        containers: [
          {
            name: 'app',
            ports: [
              { name: 'admin', containerPort: 9901 },
              { name: 'dns', containerPort: 53, protocol: 'UDP' },
              { name: 'ignored', containerPort: 4567 },
              { name: 'http', containerPort: 8080 },
            ],
            readinessProbe: { httpGet: { path: '/readyz', port: 9901 } },
            livenessProbe: { httpGet: { port: 8080 } },
          },
        ],
      },
    );
    expect(sidecarOf(injected(pod)).app).toEqual({ port: 8080, readyPath: '', livePath: '/' });
  });

  it('knows no app where nothing is served', () => {
    expect(sidecarOf(injected(cart({}, { containers: [{ name: 'app' }] }))).app).toBeNull();
  });

  it('takes the profile that the pod asks for', () => {
    const pod = injected(cart(), { 'config.linkerd.io/proxy-version': '2.20' });
    expect(pod.metadata.annotations).toMatchObject({ 'linkerd.io/proxy-version': '2.20' });
    expect(sidecarOf(pod).version).toBe('2.20');
  });

  it.each([
    ['UNKNOWN_MESH_VERSION', { 'config.linkerd.io/proxy-version': '1.0' }],
    ['BAD_PORTS', { 'config.linkerd.io/skip-inbound-ports': '80,http' }],
    ['BAD_PORTS', { 'config.linkerd.io/skip-inbound-ports': '9010-9000' }],
    ['BAD_PORTS', { 'config.linkerd.io/skip-outbound-ports': '65536' }],
  ])('refuses with %s: %o', (code, annotations) => {
    expect(() => inject(cart(), annotations, settings)).toThrow(expect.objectContaining({ code }));
  });

  it('lets the proxies of the control plane start beside what they wait for', () => {
    const pod = cart();
    const patch = inject(pod, undefined, { ...settings, component: 'identity' });
    const proxy = container(applyPatch(pod, patch!) as Injected, 'linkerd-proxy');
    expect(proxy).not.toHaveProperty('startupProbe');
    expect(proxy).toMatchObject({ readinessProbe: { periodSeconds: 2 } });
    expect(proxy.env).toContainEqual({ name: 'LINKERD2_PROXY_IDENTITY_SVC_ADDR', value: '127.0.0.1:8080' });
    expect(container(injected(pod), 'linkerd-proxy')).toHaveProperty('startupProbe');
  });
});
