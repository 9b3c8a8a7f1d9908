import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import type { ServiceProcessConfig } from '../../../../sim-services/contract.ts';
import type { KubernetesObject } from '../../kubernetes/contract.ts';
import { aScenario } from '../testing/scenario.ts';
import { loadObjects } from './load.ts';
import { namespaces } from './namespaces.ts';
import { type PrometheusSpec, prometheusObjects } from './prometheus.ts';
import { workloadObjects } from './workload.ts';

const scenario = aScenario();
const [web, cart] = scenario.services as [(typeof scenario.services)[0], (typeof scenario.services)[0]];
const SIMULATED = { kind: 'simulated', version: '2.20' } as const;
const LINKERD = { kind: 'linkerd', version: 'edge-26.8.3' } as const;
const images = { service: 'meshproof/service:1', load: 'meshproof/load:1', prometheus: 'prom/prometheus:v3' };

interface PodTemplate {
  metadata: { labels: Record<string, string>; annotations: Record<string, string> };
  spec: {
    serviceAccountName: string;
    containers: [Container];
    volumes: Volume[];
    terminationGracePeriodSeconds: number;
  };
}
interface Container {
  name: string;
  image: string;
  args?: string[];
  command?: string[];
  ports: { name: string; containerPort: number }[];
  env?: { name: string; value?: string }[];
  resources: { requests: object; limits?: object };
  securityContext: object;
  startupProbe?: Probe;
  readinessProbe?: Probe;
  livenessProbe?: Probe;
  lifecycle?: { preStop: { exec: { command: string[] } } };
  volumeMounts: { name: string; mountPath: string }[];
}
interface Probe {
  httpGet?: { path: string; port: string | number };
  tcpSocket?: { port: string | number };
  periodSeconds: number;
}
interface Volume {
  name: string;
  configMap?: { name: string };
  emptyDir?: object;
}
interface DeploymentSpec {
  replicas: number;
  selector: { matchLabels: Record<string, string> };
  template: PodTemplate;
}

const ofKind = (objects: KubernetesObject[], kind: string) => objects.find((object) => object.kind === kind)!;
const deploymentOf = (objects: KubernetesObject[]) => ofKind(objects, 'Deployment').spec as DeploymentSpec;
const podOf = (objects: KubernetesObject[]) => deploymentOf(objects).template;

/** What a reader of any Deployment here would check. */
function expectSound(objects: KubernetesObject[]): void {
  const { selector, template } = deploymentOf(objects);
  const names = (kind: string) => objects.filter((o) => o.kind === kind).map((o) => o.metadata.name);
  expect(template.metadata.labels).toMatchObject(selector.matchLabels);
  expect(names('ServiceAccount')).toContain(template.spec.serviceAccountName);
  for (const { configMap, emptyDir } of template.spec.volumes) {
    expect(emptyDir ?? names('ConfigMap').includes(configMap!.name)).toBeTruthy();
  }
  const [container] = template.spec.containers;
  expect(container.volumeMounts.map((m) => m.name).sort()).toEqual(template.spec.volumes.map((v) => v.name).sort());
  expect(container).toMatchObject({ imagePullPolicy: 'Never', securityContext: { runAsNonRoot: true } });
  expect(container.resources).not.toHaveProperty('limits');
  const ports = container.ports.flatMap(({ name, containerPort }) => [name, containerPort]);
  for (const probe of [container.startupProbe, container.readinessProbe, container.livenessProbe]) {
    if (probe) expect(ports).toContain((probe.httpGet ?? probe.tcpSocket)!.port);
  }
  // Labels of a run on pods would become labels in Prometheus.
  expect(Object.keys(template.metadata.labels).filter((label) => /meshproof|managed-by/.test(label))).toEqual([]);
}

describe('namespaces', () => {
  it('are those of the services, once each, and say nothing about the mesh', () => {
    const twice = { ...scenario, services: [...scenario.services, { ...web, name: 'other', id: 'shop/other' }] };
    expect(namespaces(twice)).toEqual(
      ['shop', 'store'].map((name) => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } })),
    );
  });
});

describe('a workload', () => {
  const objects = workloadObjects(scenario, cart, images, 'simulated');
  const { metadata, spec } = podOf(objects);
  const [app] = spec.containers;

  it('is made of sound objects in its namespace', () => {
    expectSound(objects);
    expect(objects.map(({ kind, metadata: { name, namespace } }) => `${kind} ${namespace}/${name}`)).toEqual([
      'ServiceAccount store/shared',
      'ConfigMap store/cart-meshproof',
      'Service store/cart',
      'Deployment store/cart',
    ]);
    expect(deploymentOf(objects).replicas).toBe(2);
  });

  it('has the labels of the scenario, and asks for a sidecar that leaves its admin port alone', () => {
    expect(metadata.labels).toEqual({ app: 'cart', team: 'blue' });
    expect(metadata.annotations).toEqual({
      'linkerd.io/inject': 'enabled',
      'config.linkerd.io/skip-inbound-ports': '9901',
      'config.linkerd.io/proxy-version': '2.20',
      'meshproof.io/config-hash': expect.stringMatching(/^[0-9a-f]{16}$/),
    });
  });

  it('is the same for Linkerd, but for the profile, which there would be the tag of an image', () => {
    const copy = structuredClone(objects);
    delete podOf(copy).metadata.annotations['config.linkerd.io/proxy-version'];
    expect(workloadObjects(scenario, cart, images, 'linkerd')).toEqual(copy);
  });

  it('without a mesh asks for no sidecar, and says nothing else to one', () => {
    const policy = { opaque: true, defaultPolicy: 'deny', skipInbound: true } as const;
    for (const kind of ['simulated', 'linkerd'] as const) {
      const bare = workloadObjects({ ...scenario, unmeshed: true }, { ...cart, ...policy }, images, kind);
      expectSound(bare);
      expect(podOf(bare).metadata.annotations).toEqual({
        'linkerd.io/inject': 'disabled',
        'meshproof.io/config-hash': expect.any(String),
      });
      const load = loadObjects({ ...scenario, unmeshed: true }, images, kind);
      expect(podOf(load).metadata.annotations).toEqual({ 'linkerd.io/inject': 'disabled' });
    }
  });

  it('whose pods are to be replaced under load has a successor first, leaves in order, and its journals stay', () => {
    const rolledOut = { truthDir: '/var/lib/meshproof/truth/x', restMs: 1500 };
    const rolled = workloadObjects(scenario, cart, images, 'simulated', false, rolledOut);
    expect(deploymentOf(rolled)).toMatchObject({
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } },
      minReadySeconds: 2,
    });
    const pod = podOf(rolled);
    const appStays = Number(pod.spec.containers[0].lifecycle!.preStop.exec.command[1]);
    const waits = 'config.alpha.linkerd.io/proxy-wait-before-exit-seconds';
    const proxyStays = Number(pod.metadata.annotations[waits]);
    // From outside to inside.
    expect([0, appStays, proxyStays, pod.spec.terminationGracePeriodSeconds]).toEqual(
      [0, appStays, proxyStays, pod.spec.terminationGracePeriodSeconds].toSorted((a, b) => a - b),
    );
    expect(new Set([0, appStays, proxyStays, pod.spec.terminationGracePeriodSeconds]).size).toBe(4);
    const volume = pod.spec.volumes.find(({ name }) => name === 'journals');
    expect(volume).toEqual({ name: 'journals', hostPath: { path: rolledOut.truthDir, type: 'Directory' } });
    // Each pod has a folder of its own in it.
    const mount = pod.spec.containers[0].volumeMounts.find(({ name }) => name === 'journals');
    expect(mount).toMatchObject({ mountPath: '/var/lib/meshproof', subPathExpr: '$(MESHPROOF_POD_NAME)' });
  });

  it('is probed at the app, in whole seconds; whether it has begun, beside the mesh', () => {
    expect(app.readinessProbe).toMatchObject({ httpGet: { path: '/readyz', port: 'http' }, periodSeconds: 2 });
    expect(app.livenessProbe).toMatchObject({ httpGet: { path: '/healthz', port: 'http' }, periodSeconds: 2 });
    expect(app.startupProbe).toMatchObject({ tcpSocket: { port: 'admin' }, periodSeconds: 1 });
    const often = aScenario({ mesh: { ...scenario.mesh, probeIntervalMs: 400 } });
    const [container] = podOf(workloadObjects(often, cart, images, 'linkerd')).spec.containers;
    expect(container.livenessProbe?.periodSeconds).toBe(1);
  });

  it('is reached by its Service at the port named http', () => {
    expect(ofKind(workloadObjects(scenario, web, images, 'linkerd'), 'Service').spec).toEqual({
      selector: { app: 'web' },
      ports: [{ name: 'http', port: 8080, targetPort: 'http', protocol: 'TCP' }],
    });
    expect(app.ports).toMatchObject([
      { name: 'http', containerPort: 9000 },
      { name: 'admin', containerPort: 9901 },
    ]);
  });

  it('reads one configuration for all its pods, in which each finds its own journals and callees', () => {
    const { data } = ofKind(objects, 'ConfigMap') as KubernetesObject & { data: Record<string, string> };
    const { workloads } = JSON.parse(data['service.json']!) as ServiceProcessConfig;
    expect(workloads).toHaveLength(1);
    expect(workloads[0]).toMatchObject({
      namespace: 'store',
      name: 'cart',
      timeline: [{ atMs: 1000, untilMs: 2000 }],
      routes: [{ path: '/items' }],
    });
    expect(workloads[0]!.pods).toEqual([
      {
        pod: 'cart',
        replica: 0,
        listen: { host: '0.0.0.0', port: 9000 },
        admin: { host: '0.0.0.0', port: 9901 },
        egress: null,
        journalDir: app.volumeMounts.find((mount) => mount.name === 'journals')!.mountPath,
        incarnation: 'auto',
      },
    ]);
    expect(app.env).toContainEqual({ name: 'MESHPROOF_SERVICE_CONFIG', value: '/etc/meshproof/service.json' });
    expect(app.env).toContainEqual({
      name: 'MESHPROOF_POD_NAME',
      valueFrom: { fieldRef: { fieldPath: 'metadata.name' } },
    });
    expect(app.volumeMounts).toContainEqual({ name: 'config', mountPath: '/etc/meshproof', readOnly: true });
  });

  it('has other pods with another configuration, and the same with the same', () => {
    const hashOf = (change: object) =>
      podOf(workloadObjects(aScenario(change), cart, images, 'linkerd')).metadata.annotations[
        'meshproof.io/config-hash'
      ];
    expect(hashOf({})).toBe(metadata.annotations['meshproof.io/config-hash']);
    expect(hashOf({ seed: 8 })).not.toBe(hashOf({}));
  });
});

describe('Prometheus', () => {
  const of = (change: Partial<PrometheusSpec> = {}) =>
    prometheusObjects({ scenario, images, mesh: SIMULATED, meshed: false, ...change });
  const [container] = podOf(of()).spec.containers;

  it('is made of sound objects, labelled as those of linkerd-viz', () => {
    expectSound(of());
    expect(podOf(of()).metadata.labels).toEqual({ component: 'prometheus', 'linkerd.io/extension': 'viz' });
    for (const { kind, metadata } of of()) {
      expect(metadata.namespace).toBe(kind.startsWith('Cluster') ? undefined : 'linkerd-viz');
    }
  });

  it('may look for pods and nodes, and no more', () => {
    expect(ofKind(of(), 'ClusterRole')).toMatchObject({
      metadata: { name: 'linkerd-linkerd-viz-prometheus' },
      rules: [{ apiGroups: [''], resources: ['nodes', 'nodes/proxy', 'pods'], verbs: ['get', 'list', 'watch'] }],
    });
    expect(ofKind(of(), 'ClusterRoleBinding')).toMatchObject({
      roleRef: { kind: 'ClusterRole', name: 'linkerd-linkerd-viz-prometheus' },
      subjects: [{ kind: 'ServiceAccount', name: 'prometheus', namespace: 'linkerd-viz' }],
    });
  });

  it('runs on the configuration beside it, at the scenario’s interval', () => {
    const { data } = ofKind(of(), 'ConfigMap') as KubernetesObject & { data: Record<string, string> };
    const config = parse(data['prometheus.yml']!);
    expect(config.global).toMatchObject({ scrape_interval: '2s', scrape_timeout: '2s' });
    expect(config.scrape_configs[4].kubernetes_sd_configs).toEqual([{ role: 'pod' }]);
    expect(config.scrape_configs[0].static_configs).toEqual([{ targets: ['localhost:9090'] }]);
    const mountOf = (name: string) => container.volumeMounts.find((mount) => mount.name === name)!.mountPath;
    expect(container.args).toContain(`--config.file=${mountOf('config')}/prometheus.yml`);
    expect(container.args).toContain(`--storage.tsdb.path=${mountOf('data')}`);
    expect(container.args).toContain('--web.listen-address=0.0.0.0:9090');
    expect(container.args).toContain('--scrape.discovery-reload-interval=1s');
    expect(container.readinessProbe).toMatchObject({ httpGet: { path: '/-/ready', port: 9090 }, periodSeconds: 1 });
  });

  it('is as linkerd-viz of the release that the mesh is of, of the nearest where it is of none that is known', () => {
    const jobs = (version: string, kind: 'simulated' | 'linkerd' = 'simulated') => {
      const { data } = ofKind(of({ mesh: { kind, version } }), 'ConfigMap') as KubernetesObject & {
        data: Record<string, string>;
      };
      return parse(data['prometheus.yml']!).scrape_configs as {
        job_name: string;
        relabel_configs: { regex: string }[];
      }[];
    };
    const port = (version: string) =>
      (podOf(of({ mesh: { kind: 'simulated', version } })).spec.containers as Container[])[0]!.ports;
    expect(jobs('2.17')[3]!.job_name).toBe('linkerd-service-mirror');
    expect(jobs('2.17')[2]!.relabel_configs[0]!.regex).toBe('admin-http');
    expect(jobs('stable-2.13.4', 'linkerd')[2]!.relabel_configs[0]!.regex).toBe('admin-http');
    expect(jobs('2.19')[2]!.relabel_configs[0]!.regex).toBe('admin');
    expect(jobs('edge-26.8.1', 'linkerd')[2]!.relabel_configs[0]!.regex).toBe('.*admin$');
    expect(port('2.18')).toMatchObject([{ name: 'admin-http' }]);
    expect(port('2.19')).toMatchObject([{ name: 'admin' }]);
  });

  it('has the rules of the scenario beside its configuration, when there are any', () => {
    const rules = 'groups: []\n';
    const files = (change: object) =>
      (ofKind(of({ scenario: aScenario(change) }), 'ConfigMap') as KubernetesObject & { data: Record<string, string> })
        .data;
    expect(Object.keys(files({}))).toEqual(['prometheus.yml']);
    const { 'prometheus.yml': config, ...others } = files({ rules });
    expect(others).toEqual({ 'scenario_rules.yml': rules });
    expect(parse(config!)).toMatchObject({ rule_files: ['scenario_rules.yml'], global: { evaluation_interval: '2s' } });
  });

  it('has a sidecar only when asked to, which neither those who read it nor, if simulated, its own scrapes pass', () => {
    const annotations = (change: Partial<PrometheusSpec>) => podOf(of(change)).metadata.annotations;
    expect(annotations({})).toEqual({ 'linkerd.io/inject': 'disabled' });
    const meshed = {
      'linkerd.io/inject': 'enabled',
      'config.linkerd.io/skip-inbound-ports': '9090,9902',
      'config.alpha.linkerd.io/proxy-wait-before-exit-seconds': '0',
    };
    expect(annotations({ meshed: true, mesh: LINKERD })).toEqual(meshed);
    expect(annotations({ meshed: true })).toEqual({
      ...meshed,
      'config.linkerd.io/skip-outbound-ports': '443,6443,4191,9990,9995,9996',
      'config.linkerd.io/proxy-version': '2.20',
    });
  });
});

describe('a meshed Prometheus', () => {
  const of = (change: Partial<PrometheusSpec> = {}) =>
    prometheusObjects({ scenario, images, mesh: LINKERD, meshed: true, ...change });
  const asked = aScenario({ mesh: { ...scenario.mesh, prometheus: 'meshed' } });
  const readerOf = (objects: KubernetesObject[]) => (podOf(objects).spec.containers as Container[])[1];
  const proxyJob = (objects: KubernetesObject[]) => {
    const { data } = ofKind(objects, 'ConfigMap') as KubernetesObject & { data: Record<string, string> };
    return parse(data['prometheus.yml']!).scrape_configs[4];
  };

  it('has a reader of pages beside it, with its identity', () => {
    expectSound(of());
    expect(readerOf(of())).toMatchObject({
      image: 'meshproof/load:1',
      command: ['node', '/meshproof/page-reader.mjs'],
      ports: [{ containerPort: 9902 }],
    });
    expect(readerOf(of({ meshed: false }))).toBeUndefined();
  });

  it('asks a simulated sidecar by name when the scenario wants it to be known by its identity', () => {
    const simulated = of({ scenario: asked, mesh: SIMULATED });
    expect(proxyJob(simulated).proxy_url).toBe('http://127.0.0.1:4140');
    expect(readerOf(simulated)!.env).toEqual([{ name: 'MESHPROOF_PAGES_VIA', value: '127.0.0.1:4140' }]);
    for (const other of [of({ scenario: asked }), of({ mesh: SIMULATED })]) {
      expect(proxyJob(other)).not.toHaveProperty('proxy_url');
      expect(readerOf(other)).not.toHaveProperty('env');
    }
  });
});

describe('the load generator', () => {
  const objects = loadObjects(scenario, images, 'linkerd');

  it('is a workload of the mesh, whose agent is reached beside it', () => {
    expectSound(objects);
    const { metadata, spec } = podOf(objects);
    expect(metadata).toEqual({
      labels: { app: 'load' },
      annotations: { 'linkerd.io/inject': 'enabled', 'config.linkerd.io/skip-inbound-ports': '9901' },
    });
    const [container] = spec.containers;
    expect([spec.serviceAccountName, container.name, container.image]).toEqual(['load', 'load', 'meshproof/load:1']);
    expect(container.command).toEqual(['node', '/meshproof/agent.mjs']);
    expect(container.env).toContainEqual({
      name: 'MESHPROOF_WORK_DIR',
      value: container.volumeMounts[0]!.mountPath,
    });
    expect(container.readinessProbe).toMatchObject({ httpGet: { path: '/ready', port: 9901 } });
    expect(objects.every((object) => object.metadata.namespace === 'meshproof')).toBe(true);
  });
});
