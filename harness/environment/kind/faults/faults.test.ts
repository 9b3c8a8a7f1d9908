import { describe, expect, it } from 'vitest';
import { epochMs } from '../../../core/clock.ts';
import type { FaultSpec } from '../../../scenario/fault.ts';
import type { KubernetesObject, PodObject } from '../../kubernetes/contract.ts';
import type { Docker } from '../docker.ts';
import { PaperKube } from '../testing/kube.ts';
import { KindFaults } from './index.ts';
import type { WorkloadPods } from './recreate.ts';

const spec = (change: Partial<FaultSpec>): FaultSpec =>
  ({
    type: 'admin-refused',
    atMs: null,
    untilMs: null,
    service: 'shop/cart',
    replica: null,
    params: {},
    ...change,
  }) as FaultSpec;

/** What is done on a node, in order; a container's process is its number. */
function fakeDocker(): { docker: Docker; done: string[] } {
  const done: string[] = [];
  const exec = async (node: string, argv: string[]) => {
    if (argv[0] === 'ctr') return 'TASK  PID  STATUS\nc-a  11  RUNNING\nc-b  22  RUNNING\n';
    if (argv.includes('route')) return 'default via 10.244.0.1 dev eth0\n';
    done.push(`${node} ${argv.join(' ')}`);
    return '';
  };
  return { docker: { exec } as unknown as Docker, done };
}

function pod(name: string, container: string): PodObject {
  return {
    ...{ apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace: 'shop', labels: { app: 'cart' } } },
    spec: { nodeName: 'node', containers: [{ name: 'app' }], initContainers: [proxy('linkerd-admin')] },
    status: {
      ...{ phase: 'Running', podIP: '10.244.0.9', conditions: [{ type: 'Ready', status: 'True' }] },
      containerStatuses: [
        { name: 'app', ready: true, restartCount: 0, containerID: `containerd://${container}`, state: { running: {} } },
      ],
    },
  };
}

const proxy = (port: string) => ({
  name: 'linkerd-proxy',
  restartPolicy: 'Always',
  ports: [{ name: port, containerPort: 4191 }],
});

/** A cluster whose namespace says how pods are admitted, and whose Deployment replaces those that are deleted. */
class AdmittingKube extends PaperKube {
  readonly patches: unknown[] = [];
  #labels: Record<string, string | null> = {};
  #annotations: Record<string, string | null> = {};
  #made = 0;

  override async request(method: string, path: string, body?: unknown): Promise<unknown> {
    if (method === 'PATCH') {
      const { metadata } = body as {
        metadata: { labels?: Record<string, string>; annotations?: Record<string, string> };
      };
      this.patches.push(metadata);
      Object.assign(this.#labels, metadata.labels);
      Object.assign(this.#annotations, metadata.annotations);
      return {};
    }
    if (path.endsWith('/pods?dryRun=All')) return this.#admitted('trial', 'c-b');
    return super.request(method, path);
  }

  override async delete(refs: { kind: string; namespace?: string; name: string }[] = []): Promise<void> {
    for (const { name } of refs) {
      this.objects.delete([...this.objects.keys()].find((key) => key.includes(name))!);
      this.#made += 1;
      this.put(this.#admitted(`a-new-${this.#made}`, 'c-b'));
    }
  }

  #admitted(name: string, container: string): PodObject {
    const made = pod(name, container);
    const injected = this.#labels['config.linkerd.io/admission-webhooks'] !== 'disabled';
    const port = this.#annotations['meshproof.io/admin-port-name'] ?? 'linkerd-admin';
    return { ...made, spec: { ...made.spec, initContainers: injected ? [proxy(port)] : [] } };
  }
}

function world(...specs: FaultSpec[]) {
  const kube = new AdmittingKube();
  const pods = [pod('cart-a', 'c-a'), pod('cart-b', 'c-b')];
  for (const one of pods) kube.put(one as KubernetesObject);
  const { docker, done } = fakeDocker();
  const faults = new KindFaults(specs, {
    ...{ kube, docker, runId: 'r1', mesh: { kind: 'simulated' }, signal: new AbortController().signal },
  });
  const cart: WorkloadPods = { workload: 'shop/cart', namespace: 'shop', labelSelector: 'app=cart', pods };
  return { kube, faults, cart, done };
}

describe('faults that a pod is created with', () => {
  it('are in the place of the pod that they concern, and the namespace is as it was', async () => {
    const { kube, faults, cart } = world(spec({ type: 'not-injected', replica: 0 } as FaultSpec));
    const [now] = await faults.prepare([cart]);
    expect(now!.pods.map(({ metadata }) => metadata.name)).toEqual(['a-new-1', 'cart-b']);
    expect(now!.pods.map(({ spec: { initContainers } }) => initContainers!.length)).toEqual([0, 1]);
    const label = 'config.linkerd.io/admission-webhooks';
    expect(kube.patches).toEqual([{ labels: { [label]: 'disabled' } }, { labels: { [label]: null } }]);
    expect([now!.pods[0]!, now!.pods[1]!].map((one) => faults.isOtherwise(one))).toEqual([true, false]);
    expect([0, 1].map((replica) => faults.isUnscraped('shop/cart', replica))).toEqual([true, false]);
  });

  it('are of all pods of a service, under a name that is drawn', async () => {
    const { kube, faults, cart } = world(
      spec({ type: 'admin-port-renamed', params: { name: 'metrics' } } as FaultSpec),
    );
    const [now] = await faults.prepare([cart]);
    const ports = now!.pods.map(({ spec: { initContainers } }) => initContainers![0]!.ports![0]!.name);
    expect(ports).toEqual(['metrics', 'metrics']);
    expect(kube.patches.at(-1)).toEqual({ annotations: { 'meshproof.io/admin-port-name': null } });
  });
});

describe('faults of packets', () => {
  it('are put into the network of the pods that they concern, before Prometheus is there', async () => {
    const { faults, cart, done } = world(spec({ type: 'admin-dropped', replica: 1 } as FaultSpec));
    expect(faults.concernPods).toBe(true);
    await faults.prepare([cart]);
    expect(done).toEqual([
      'node nsenter --target 22 --net iptables -w 10 -I INPUT 1 -p tcp --dport 4191 ! -i lo ! -s 10.244.0.1 -j DROP',
    ]);
  });

  it('begin and end at their times', async () => {
    const { faults, cart, done } = world(spec({ atMs: 20, untilMs: 60, replica: 0 }));
    await faults.prepare([cart]);
    expect(done).toEqual([]);
    expect(faults.isUnscraped('shop/cart', 0)).toBe(false);
    faults.schedule(epochMs());
    await faults.begun();
    expect(done.map((line) => /-[ID] INPUT/.exec(line)![0])).toEqual(['-I INPUT']);
    await faults.done();
    expect(done.map((line) => /-[ID] INPUT/.exec(line)![0])).toEqual(['-I INPUT', '-D INPUT']);
    await faults[Symbol.asyncDispose]();
  });
});

describe('RBAC', () => {
  it('is denied from the start by the role that is applied, later by another', async () => {
    const atStart = world(spec({ type: 'rbac-denied', service: null } as FaultSpec));
    expect(atStart.faults).toMatchObject({ mayListPods: false, concernPods: false });
    expect(atStart.faults.isUnscraped('shop/cart', 0)).toBe(true);
    const later = world(spec({ type: 'rbac-denied', service: null, atMs: 10, untilMs: 30 } as FaultSpec));
    expect(later.faults.mayListPods).toBe(true);
    later.faults.schedule(epochMs());
    await later.faults.begun();
    const role = async () => (await later.kube.list<{ rules: { resources: string[] }[] }>({ kind: 'ClusterRole' }))[0]!;
    expect((await role()).rules[0]!.resources).not.toContain('pods');
    await later.faults.done();
    expect((await role()).rules[0]!.resources).toContain('pods');
  });
});
