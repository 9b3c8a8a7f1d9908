import { describe, expect, it } from 'vitest';
import type { KubernetesObject, PodObject } from '../../kubernetes/contract.ts';
import { PaperKube } from '../testing/kube.ts';
import { readUsage } from './index.ts';

const NODE = 'kind-worker';
const RESOURCES = `/api/v1/nodes/${NODE}/proxy/metrics/resource`;

/** Of 64 digits, the last of them this. */
const idOf = (digit: string) => digit.padStart(64, '0');

/** A pod whose containers run, each with its id; the first as a native sidecar, when it is a proxy. */
function aPod(namespace: string, name: string, containers: Record<string, string>): KubernetesObject {
  const statuses = Object.entries(containers).map(([container, digit]) => ({
    ...{ name: container, ready: true, restartCount: 0, state: { running: {} } },
    containerID: `containerd://${idOf(digit)}`,
  }));
  const isSidecar = ({ name: container }: { name: string }) => container === 'linkerd-proxy';
  const pod: PodObject = {
    ...{ apiVersion: 'v1', kind: 'Pod', metadata: { namespace, name } },
    spec: { nodeName: NODE, containers: [] },
    status: {
      initContainerStatuses: statuses.filter(isSidecar),
      containerStatuses: statuses.filter((status) => !isSidecar(status)),
    },
  };
  return pod;
}

/** What a node says of containers: each with its digit in seconds, and in bytes. */
function cgroups(...digits: string[]): string {
  const lines = digits.flatMap((digit) => {
    const dir = `/sys/fs/cgroup/kubelet/pod1/cri-containerd-${idOf(digit)}.scope`;
    const usec = Number.parseInt(digit, 16) * 1e6;
    return [
      `${dir}/cpu.stat:usage_usec ${usec}`,
      `${dir}/memory.current:${usec}`,
      `${dir}/memory.stat:inactive_file 0`,
    ];
  });
  return ['5000', ...lines, '5000', ''].join('\n');
}

function aCluster(...pods: KubernetesObject[]) {
  const kube = new PaperKube();
  for (const pod of pods) kube.put(pod);
  const of = ({ metadata }: KubernetesObject) => ({ namespace: metadata.namespace!, name: metadata.name });
  const parts = {
    kube,
    nodes: [NODE],
    docker: { exec: async (_node: string) => cgroups('1', '2', '3', '4', '5', '6', '7', '8', '9') },
    pods: () => pods.filter(({ metadata: { namespace } }) => namespace === 'shop' || namespace === 'meshproof').map(of),
    prometheus: { namespace: 'linkerd-viz', name: 'prometheus' },
  };
  return parts;
}

const read = async (parts: Parameters<typeof readUsage>[0]) =>
  (await readUsage(parts)).map(({ part, name, atMs, cpuSeconds }) => `${part} ${name} ${cpuSeconds} s at ${atMs}`);

describe('readUsage', () => {
  it('knows whose each container is', async () => {
    const parts = aCluster(
      aPod('shop', 'web', { app: '1', 'linkerd-proxy': '2' }),
      aPod('meshproof', 'load', { load: '3', 'linkerd-proxy': '4' }),
      aPod('linkerd-viz', 'prometheus', { prometheus: '5', 'linkerd-proxy': '6', 'page-reader': '7' }),
      aPod('linkerd', 'destination', { destination: '8', 'linkerd-proxy': '9' }),
    );
    expect(await read(parts)).toEqual([
      'proxy shop/web/linkerd-proxy 2 s at 5000',
      'app shop/web/app 1 s at 5000',
      'proxy meshproof/load/linkerd-proxy 4 s at 5000',
      'load meshproof/load/load 3 s at 5000',
      'proxy linkerd-viz/prometheus/linkerd-proxy 6 s at 5000',
      'prometheus linkerd-viz/prometheus/prometheus 5 s at 5000',
      'harness linkerd-viz/prometheus/page-reader 7 s at 5000',
      'control-plane linkerd/destination/linkerd-proxy 9 s at 5000',
      'control-plane linkerd/destination/destination 8 s at 5000',
    ]);
  });

  it("leaves out pods of others in the scenario's namespaces, and containers that ended", async () => {
    const other = aPod('shop', 'other', { app: '2' });
    const parts = aCluster(aPod('shop', 'web', { app: '1', 'linkerd-init': '3' }), other);
    const web = parts.kube.objects.get('Pod shop/web') as PodObject | undefined;
    expect(web).toBeDefined();
    web!.status.containerStatuses![1]!.state = { terminated: { exitCode: 0 } };
    const pods = () => parts.pods().filter(({ name }) => name !== 'other');
    expect(await read({ ...parts, pods })).toEqual(['app shop/web/app 1 s at 5000']);
  });

  it('has from the kubelet what cgroups do not show, as of then', async () => {
    const parts = aCluster(aPod('shop', 'web', { app: '1', 'linkerd-proxy': 'f' }));
    const series = (name: string, value: number) =>
      `${name}{container="linkerd-proxy",namespace="shop",pod="web"} ${value} 4000`;
    parts.kube.texts.set(
      RESOURCES,
      `${series('container_cpu_usage_seconds_total', 7)}\n${series('container_memory_working_set_bytes', 70)}\n`,
    );
    const both = ['proxy shop/web/linkerd-proxy 7 s at 4000', 'app shop/web/app 1 s at 5000'];
    expect(await read(parts)).toEqual(both);
    const exec = async () => {
      throw new Error('no such container');
    };
    expect(await read({ ...parts, docker: { exec } })).toEqual(both.slice(0, 1));
  });

  it('says when nothing is known', async () => {
    const parts = aCluster(aPod('shop', 'web', { app: 'f' }));
    parts.kube.texts.set(RESOURCES, '');
    await expect(readUsage(parts)).rejects.toMatchObject({
      code: 'USAGE_NOT_READ',
      message: 'what 1 containers have used is not known anywhere',
    });
  });
});
