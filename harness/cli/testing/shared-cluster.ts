import { waitFor } from '../../core/wait.ts';
import { clusterFiles, sharedCluster } from '../../environment/kind/clusters/names.ts';
import { connectDocker, type Docker } from '../../environment/kind/docker.ts';
import { connectKube } from '../../environment/kubernetes/connect.ts';
import {
  type Kube,
  type KubernetesObject,
  LABELS,
  type ObjectRef,
  type PodObject,
} from '../../environment/kubernetes/contract.ts';
import { nameOf, refOf } from '../../environment/kubernetes/discovery.ts';

const DEADLINE_MS = 120_000;
const INJECTOR = { namespace: 'linkerd', name: 'linkerd-proxy-injector' };
const FINALIZER = 'meshproof.io/hold';
const MERGE = { contentType: 'application/merge-patch+json' };

/** The cluster that runs share, as whoever breaks something in it sees it. For tests. */
export class SharedCluster implements AsyncDisposable {
  readonly name = sharedCluster();
  readonly node = `${sharedCluster()}-control-plane`;
  readonly kube: Kube;
  readonly docker: Docker;

  private constructor(kube: Kube, docker: Docker) {
    this.kube = kube;
    this.docker = docker;
  }

  static async connect(): Promise<SharedCluster> {
    const { kubeconfig } = clusterFiles(sharedCluster());
    return new SharedCluster(await connectKube({ kubeconfig }), await connectDocker());
  }

  /** What meshproof has in it, by name: in order, so that two looks can be compared. */
  async ours(labels: Record<string, string> = {}): Promise<string[]> {
    const refs = await this.kube.labelled({ [LABELS.managedBy]: 'meshproof', ...labels });
    return refs.map(nameOf).sort();
  }

  namespace(name: string): Promise<KubernetesObject | null> {
    return this.kube.get({ apiVersion: 'v1', kind: 'Namespace', name });
  }

  /** Makes a namespace with these labels. */
  async makeNamespace(name: string, labels: Record<string, string> = {}): Promise<void> {
    await this.kube.apply([namespace(name)], { labels });
  }

  async deleteNamespaces(...names: string[]): Promise<void> {
    await this.kube.delete(names.map((name) => refOf(namespace(name))));
  }

  /** Puts something into a namespace that holds it when it is deleted. */
  async hold(name: string): Promise<void> {
    await this.kube.apply([held(name)], { labels: {} });
  }

  /** Lets a namespace go that is held; nothing happens when there is none. */
  async release(name: string): Promise<void> {
    if (!(await this.kube.get(refOf(held(name))))) return;
    const path = `/api/v1/namespaces/${name}/configmaps/held`;
    await this.kube.request('PATCH', path, { metadata: { finalizers: null } }, MERGE);
  }

  /** A namespace that is being deleted and does not go. */
  async holdTerminating(name: string): Promise<void> {
    await this.makeNamespace(name);
    await this.hold(name);
    await this.kube.delete([refOf(namespace(name))], { wait: false });
  }

  /** Waits until there is no such namespace any more. */
  async gone(...names: string[]): Promise<void> {
    for (const name of names) await this.until(`the end of ${name}`, async () => !(await this.namespace(name)));
  }

  async until(what: string, look: () => Promise<boolean>): Promise<void> {
    await waitFor(async () => (await look()) || undefined, {
      ...{ what, deadlineMs: DEADLINE_MS, everyMs: 100, hint: '' },
    });
  }

  /** Sets how many pods the injector has, and waits until it has them. */
  async scaleInjector(replicas: number): Promise<void> {
    const path = `/apis/apps/v1/namespaces/${INJECTOR.namespace}/deployments/${INJECTOR.name}`;
    await this.kube.request('PATCH', path, { spec: { replicas } }, MERGE);
    await this.until(`${replicas} pods of the injector`, async () => {
      const select = { namespace: 'linkerd', labelSelector: 'linkerd.io/control-plane-component=proxy-injector' };
      const pods = await this.kube.list<PodObject>({ apiVersion: 'v1', kind: 'Pod' }, select);
      return pods.length === replicas;
    });
  }

  /** Takes the images of that name, whatever their tags, from the node. */
  async removeImages(name: string): Promise<void> {
    const ctr = ['ctr', '--namespace=k8s.io', 'images'];
    const list = await this.docker.exec(this.node, [...ctr, 'ls', '-q']);
    const images = list.split('\n').filter((image) => image.includes(`${name}:`));
    await this.docker.exec(this.node, [...ctr, 'rm', '--sync', ...images]);
  }

  async delete(ref: ObjectRef): Promise<void> {
    await this.kube.delete([ref], { wait: false });
  }

  /** Stops the API server where it is: connections stay, and nobody answers. */
  async stopApiServer(): Promise<AsyncDisposable> {
    const signal = (name: string) => this.docker.exec(this.node, ['pkill', `-${name}`, '-x', 'kube-apiserver']);
    await signal('STOP');
    return {
      [Symbol.asyncDispose]: async () => {
        await signal('CONT');
        await this.until('the API server', async () => {
          await this.kube.request('GET', '/readyz', undefined, { timeoutMs: 2000 });
          return true;
        });
      },
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kube.close();
  }
}

function namespace(name: string): KubernetesObject {
  return { apiVersion: 'v1', kind: 'Namespace', metadata: { name } };
}

function held(name: string): KubernetesObject {
  const metadata = { name: 'held', namespace: name, finalizers: [FINALIZER] };
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata };
}
