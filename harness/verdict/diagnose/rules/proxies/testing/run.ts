import type { ParsedSample } from '../../../../../core/page-parser.ts';
import type { MadeRequest, ServedRequest, TruthJournal } from '../../../../../ledger/types.ts';
import type { MatrixSeries } from '../../../../../prometheus/client.ts';
import { idOf, passedRun, type TestMesh } from '../../../testing/index.ts';
import type { RunFacts } from '../../../types.ts';

/** A request of an app, answered with 200 after 5 ms, the first byte after 4. */
export function made(callee: string, startMs: number, change: Partial<MadeRequest> = {}): MadeRequest {
  return {
    callee,
    method: 'GET',
    route: '/',
    startMs,
    firstByteMs: startMs + 4,
    endMs: startMs + 5,
    outcome: 'completed',
    status: 200,
    pod: 'somebody',
    meshError: '',
    grpc: null,
    ...change,
  };
}

export function served(caller: string, startMs: number, change: Partial<ServedRequest> = {}): ServedRequest {
  return {
    caller,
    method: 'GET',
    route: '/',
    startMs,
    firstByteMs: startMs + 3,
    endMs: startMs + 4,
    outcome: 'completed',
    status: 200,
    grpc: null,
    ...change,
  };
}

/** A journal of one incarnation of a pod of the mesh. */
export function journal(mesh: TestMesh, id: string, change: Partial<TruthJournal> = {}): TruthJournal {
  const { metadata } = mesh.pod(id);
  return {
    workload: `${metadata.namespace}/${metadata.labels!.app}`,
    pod: metadata.name,
    incarnation: '0',
    startMs: mesh.atMs - 60_000,
    endMs: null,
    served: [],
    made: [],
    accepted: [],
    connected: [],
    ...change,
  };
}

/** A run in which each pod of `from` asked `to` so often, in turn, of a mesh in which nothing is wrong yet. */
export function runOf(mesh: TestMesh, flows: readonly Flow[]): RunFacts {
  const journals = new Map(
    mesh.pods
      .filter(({ metadata }) => metadata.namespace !== mesh.controlPlaneNamespace)
      .map((pod) => [idOf(pod), journal(mesh, idOf(pod))] as const),
  );
  const originMs = mesh.atMs - 20_000;
  for (const { from, to, times } of flows) {
    const callers = mesh.idsOf(...split(from));
    const callees = mesh.idsOf(...split(to));
    for (let i = 0; i < times; i++) {
      const at = originMs + 100 + (i * 14_000) / times;
      const callee = callees[i % callees.length]!;
      journals.get(callers[i % callers.length]!)!.made.push(made(to, at, { pod: callee.split('/')[1]! }));
      journals.get(callee)!.served.push(served(from, at + 0.5));
    }
  }
  return passedRun(mesh, { input: { truth: [...journals.values()] } });
}

/** By `namespace/workload`. */
export interface Flow {
  from: string;
  to: string;
  times: number;
}

/** A chain through the SHOP. */
export const CHAIN: Flow[] = [
  { from: 'meshproof/load', to: 'shop/web', times: 60 },
  { from: 'shop/web', to: 'shop/cart', times: 60 },
  { from: 'shop/cart', to: 'shop/db', times: 60 },
];

function split(id: string): [string, string] {
  return id.split('/') as [string, string];
}

/** Puts further samples on a pod's page. */
export function addToPage(mesh: TestMesh, id: string, ...samples: ParsedSample[]): void {
  mesh.page(id).page!.samples.push(...samples);
}

/** Gives the one series of a family another value, or takes the family away. */
export function setOnPage(mesh: TestMesh, id: string, name: string, value: number | null): void {
  const { page } = mesh.page(id);
  page!.samples = page!.samples.flatMap((s) => (s.name !== name ? [s] : value === null ? [] : [{ ...s, value }]));
}

export function inbound(port: number, value: number, labels: Record<string, string> = {}): ParsedSample {
  const common = { direction: 'inbound', target_port: String(port), tls: 'true', route_name: 'default' };
  return { name: 'request_total', labels: { ...common, ...labels }, value };
}

/** Requests to one pod of a service, as its caller counts them. */
export function outbound(
  service: string,
  pod: string,
  value: number,
  labels: Record<string, string> = {},
): ParsedSample {
  const [namespace, name] = split(service);
  const common = {
    direction: 'outbound',
    authority: `${name}.${namespace}.svc.cluster.local`,
    dst_namespace: namespace,
    dst_service: name,
    dst_pod: pod,
  };
  return { name: 'request_total', labels: { ...common, ...labels }, value };
}

/** Traffic on every page, as many as the truth has. */
export function countTraffic(mesh: TestMesh, run: RunFacts): void {
  for (const { workload, pod, made: asked, served: answered } of run.input.truth) {
    const id = `${workload.split('/')[0]}/${pod}`;
    const port = run.input.topology.pods.find((p) => p.name === pod)!.appPort;
    const page = mesh.pages.find((one) => `${one.namespace}/${one.pod}` === id);
    if (!page) continue;
    if (port !== null) {
      addToPage(mesh, id, inbound(port, answered.length), { ...inbound(port, 2), name: 'tcp_open_total' });
    }
    const callees = new Map<string, number>();
    for (const r of asked) callees.set(`${r.callee} ${r.pod}`, (callees.get(`${r.callee} ${r.pod}`) ?? 0) + 1);
    for (const [callee, count] of callees) {
      const [service, name] = callee.split(' ') as [string, string];
      addToPage(mesh, id, outbound(service, name, count), { ...outbound(service, name, 1), name: 'tcp_open_total' });
    }
  }
}

const targets = new WeakMap<TestMesh, MatrixSeries[]>();

/** `up` of the mesh's proxies, as they were when first asked for. */
function upsOf(mesh: TestMesh): MatrixSeries[] {
  const known = targets.get(mesh);
  if (known) return known;
  const ups = mesh.evidence().stored.filter(({ labels }) => labels.__name__ === 'up' && labels.job === 'linkerd-proxy');
  targets.set(mesh, ups);
  return ups;
}

/** Raw samples of one family of a pod's proxy, ascending to now, with the labels of its target. */
export function storedSeries(
  mesh: TestMesh,
  id: string,
  name: string,
  values: readonly (number | null)[],
): MatrixSeries {
  const up = upsOf(mesh).find(({ labels }) => labels.pod === id.split('/')[1])!;
  const times = up.samples.slice(-values.length).map(({ t }) => t);
  const samples = values.flatMap((v, i) => (v === null ? [] : [{ t: times[i]!, v }]));
  return { labels: { ...up.labels, __name__: name }, samples };
}
