import type { Topology } from '../../../core/topology.ts';
import type { QueryResult } from '../../../result/types.ts';
import type { JudgeInput, Judgement } from '../../judge.ts';
import type { RunFacts } from '../types.ts';
import { idOf, type TestMesh } from './mesh.ts';

export interface RunChange {
  input?: Partial<JudgeInput>;
  judgement?: Partial<Judgement>;
  queries?: QueryResult[];
}

/** A run in the mesh as it was declared, of which everything was right: call it before the test breaks the mesh. */
export function passedRun(mesh: TestMesh, change: RunChange = {}): RunFacts {
  const originMs = mesh.atMs - 20_000;
  return structuredClone({
    input: {
      topology: topologyOf(mesh),
      truth: [],
      proxy: { source: 'proxy' as const, targets: [], series: [] },
      prometheus: { source: 'prometheus' as const, targets: [], series: [] },
      window: { originMs, trafficEndMs: mesh.atMs - 5000, quietFromMs: mesh.atMs - 4000, scrapeIntervalMs: 1000 },
      clockMarginMs: 5,
      load: { droppedIterations: 0, interrupted: false },
      expect: { goldenEveryFlow: true, slo: [], idle: [] },
      ...change.input,
    },
    judgement: {
      verdict: 'pass' as const,
      reasons: [],
      notes: [],
      flows: [],
      quantiles: [],
      slo: [],
      checks: [],
      ...change.judgement,
    },
    queries: change.queries ?? [],
  });
}

/** Pods, workloads and services as a scenario would have declared them; the control plane is no part of it. */
export function topologyOf(mesh: TestMesh): Topology {
  const pods = mesh.pods.filter((pod) => pod.metadata.namespace !== mesh.controlPlaneNamespace);
  const workloads = new Map(
    pods.map((pod) => {
      const [namespace, name] = [pod.metadata.namespace!, pod.metadata.labels!.app!];
      const id = `${namespace}/${name}`;
      const identity = `${name}.${namespace}.serviceaccount.identity.${mesh.controlPlaneNamespace}.cluster.local`;
      return [id, { id, namespace, name, serviceAccount: name, identity }] as const;
    }),
  );
  return {
    trustDomain: 'cluster.local',
    controlPlaneNamespace: mesh.controlPlaneNamespace,
    workloads: [...workloads.values()],
    pods: pods.map((pod) => {
      const workload = `${pod.metadata.namespace}/${pod.metadata.labels!.app}`;
      const ip = pod.status.podIP!;
      const appPort =
        pod.spec.containers.find((one) => one.name !== 'linkerd-proxy')?.ports?.[0]?.containerPort ?? null;
      const replica = mesh.idsOf(pod.metadata.namespace!, pod.metadata.labels!.app).indexOf(idOf(pod));
      return {
        namespace: pod.metadata.namespace!,
        name: pod.metadata.name,
        workload,
        replica,
        ip,
        appPort,
        instance: `${ip}:4191`,
      };
    }),
    services: mesh.services.map(({ metadata: { namespace = '', name }, spec }, i) => ({
      id: `${namespace}/${name}`,
      namespace,
      name,
      authority: `${name}.${namespace}.svc.cluster.local`,
      clusterIp: `10.43.0.${i + 1}`,
      port: (spec as { ports: { port: number }[] }).ports[0]!.port,
      workload: `${namespace}/${name}`,
    })),
  };
}
