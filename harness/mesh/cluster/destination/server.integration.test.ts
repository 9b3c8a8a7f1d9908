import https from 'node:https';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loopback } from '../../../prometheus/testing/loopback.ts';
import { type AuditEntry, type KubernetesApi, startKubernetesApi } from '../../kubernetes/api.ts';
import { kubernetesObjects } from '../../kubernetes/objects.ts';
import { meshConfig, podConfig, RELEASE } from '../../kubernetes/testing/mesh-config.ts';
import { ApiClient } from '../api/client.ts';
import { SERVICES, servingHosts } from '../component-env.ts';
import type { MeshSnapshot } from '../contract.ts';
import { controlEndpoint } from '../control-endpoint.ts';
import { SnapshotClient } from '../snapshot-client.ts';
import { ANYWHERE, eventually, MESH, newAuthority, page, SPEC, send } from '../testing/control-plane.ts';
import { POLICY_PATHS } from './policy/objects.ts';
import { DestinationServer } from './server.ts';

const host = loopback();
const authority = newAuthority();
const WEB = podConfig();
const USER = 'system:serviceaccount:linkerd:linkerd-destination';
const READ = ['list', 'watch'];
/** Kinds that policies come from: none of which the simulated API knows. */
const KINDS = Object.values(POLICY_PATHS).map((path) => path.split('/'));
const RULES = [
  { apiGroups: [''], resources: ['pods', 'services'], verbs: READ },
  ...KINDS.map(([, , group, , resource]) => ({ apiGroups: [group!], resources: [resource!], verbs: READ })),
];

let kubernetes: KubernetesApi;
let audit: AuditEntry[];
let client: ApiClient;
let destination: DestinationServer;
let log: string[];
let stack: AsyncDisposableStack;

beforeEach(async () => {
  stack = new AsyncDisposableStack();
  [audit, log] = [[], []];
});
afterEach(() => stack.disposeAsync());

/** The simulated API lacks ReplicaSets: there are none. */
const withoutReplicaSets = (api: ApiClient) => ({
  request: <T>(method: 'GET' | 'POST', path: string, body?: unknown) =>
    path.startsWith('/apis/apps/')
      ? Promise.resolve({ metadata: { resourceVersion: '1' }, items: [] } as T)
      : api.request<T>(method, path, body),
  async *lines(path: string, signal: AbortSignal) {
    if (!path.startsWith('/apis/apps/')) yield* api.lines(path, signal);
    else await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
  },
});

async function startApi(port = 0, rules = RULES): Promise<KubernetesApi> {
  const api = await startKubernetesApi({
    listen: { host, port },
    tls: authority.issueServing([host]),
    objects: kubernetesObjects(meshConfig([WEB]), RELEASE),
    users: [{ name: USER, token: 'secret' }],
    rules: [{ role: 'destination', users: [USER], rules }],
    audit: (entry) => audit.push(entry),
  });
  return stack.use(api);
}

async function startDestination(options: { keepAliveMs?: number; coalesceMs?: number } = {}): Promise<void> {
  client = stack.use(new ApiClient({ server: kubernetes.url, caPem: authority.anchorPem, token: () => 'secret' }));
  destination = stack.use(
    await DestinationServer.start({
      api: withoutReplicaSets(client),
      names: { trustDomain: SPEC.trustDomain, controlPlaneNamespace: SPEC.namespace },
      tls: authority.issueServing(servingHosts(SPEC, 'destination', SERVICES.destination)),
      listen: ANYWHERE,
      admin: ANYWHERE,
      log: (line) => log.push(line),
      ...options,
    }),
  );
}

/** What the sidecars' own client hears. */
function listen(): MeshSnapshot[] {
  const heard: MeshSnapshot[] = [];
  stack.use(
    new SnapshotClient({
      endpoint: controlEndpoint('destination', MESH, { host: '127.0.0.1', port: destination.port }),
      anchorPem: authority.anchorPem,
      snapshot: (snapshot) => heard.push(snapshot),
      lost: () => {},
    }),
  );
  return heard;
}

const readyOf = (snapshot: MeshSnapshot | undefined) => snapshot?.pods.map(({ name, ready }) => `${name}: ${ready}`);

describe('DestinationServer', () => {
  it('tells a watcher at once what there is, and then each change', async () => {
    kubernetes = await startApi();
    await startDestination();
    const heard = listen();
    await eventually('the first snapshot', () => heard[0]);
    expect(heard[0]).toMatchObject({
      pods: [
        {
          namespace: 'shop',
          name: WEB.name,
          uid: WEB.uid,
          ip: WEB.ip,
          workloadKind: 'Deployment',
          workload: 'web',
          serviceAccount: 'web',
          ready: true,
          meshed: true,
        },
      ],
    });
    kubernetes.setPodStatus('shop', WEB.name, { ready: false });
    await eventually('the change', () => readyOf(heard.at(-1))?.join() === `${WEB.name}: false` || undefined);
    const late = listen();
    await eventually('a later watcher', () => late[0]);
    expect(late[0]).toEqual(heard.at(-1));
    expect(log).toEqual([]);
  });

  it('tells changes that come together at once, and nothing when nothing that counts has changed', async () => {
    kubernetes = await startApi();
    await startDestination({ coalesceMs: 1000 });
    const heard = listen();
    await eventually('the first snapshot', () => heard[0]);
    kubernetes.setPodStatus('shop', WEB.name, { restartCount: 1 });
    for (let i = 0; i < 20; i++) kubernetes.setPodStatus('shop', WEB.name, { ready: i % 2 === 0 });
    kubernetes.setPodStatus('shop', WEB.name, { ready: false });
    await eventually('the change', () => heard[1]);
    expect(heard).toHaveLength(2);
    expect(readyOf(heard[1])).toEqual([`${WEB.name}: false`]);
  });

  it('follows an API server that goes and comes back', async () => {
    kubernetes = await startApi();
    await startDestination();
    const heard = listen();
    await eventually('the first snapshot', () => heard[0]);
    const { port } = new URL(kubernetes.url);
    await kubernetes[Symbol.asyncDispose]();
    await eventually('the loss', () => log[0]);
    // The new one counts its versions from the beginning: what is known is of another.
    kubernetes = await startApi(Number(port));
    kubernetes.setPodStatus('shop', WEB.name, { ready: false });
    await eventually('the change', () => readyOf(heard.at(-1))?.join() === `${WEB.name}: false` || undefined);
  });

  it('is not ready, and tells nobody anything, before it has listed all', async () => {
    kubernetes = await startApi(0, [{ apiGroups: [''], resources: ['pods'], verbs: ['list', 'watch'] }]);
    await startDestination();
    const heard = listen();
    await eventually('the refusal', () => log[0]);
    expect(log[0]).toMatch(/^\/api\/v1\/services: .*status 403: .*linkerd-destination/);
    expect(await page(destination.adminPort, '/ready')).toEqual({ status: 503, text: 'not ready\n' });
    expect(heard).toEqual([]);
  });

  it('tells on its admin port how many pods are ready behind each Service', async () => {
    kubernetes = await startApi();
    await startDestination();
    await eventually(
      'readiness',
      async () => (await page(destination.adminPort, '/ready')).status === 200 || undefined,
    );
    const { text } = await page(destination.adminPort);
    expect(text).toContain('# TYPE endpoints_pods gauge');
  });

  it('keeps watches alive with empty lines', async () => {
    kubernetes = await startApi();
    await startDestination({ keepAliveMs: 5 });
    let bytes = '';
    const request = https.get(
      { host: '127.0.0.1', port: destination.port, path: '/watch', ca: authority.anchorPem, agent: false },
      (response) => {
        response.setEncoding('utf8').on('data', (chunk) => {
          bytes += chunk;
        });
      },
    );
    request.on('error', () => {});
    await eventually('keep-alives', () => /\}\n\n\n/.test(bytes) || undefined);
    request.destroy();
  });

  it('knows one path', async () => {
    kubernetes = await startApi();
    await startDestination();
    expect(await send(destination.port, authority.anchorPem, { method: 'GET', path: '/' })).toMatchObject({
      status: 404,
    });
  });
});
