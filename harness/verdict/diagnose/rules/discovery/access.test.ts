import { describe, expect, it } from 'vitest';
import type { CauseId } from '../../../../causes/ids.ts';
import type { DiscoveryAccess } from '../../../../evidence/types.ts';
import { remedyOf } from '../../remedy.ts';
import { diagnoseMesh, TestMesh } from '../../testing/index.ts';
import { DISCOVERY_RULES } from './index.ts';

const USER = 'system:serviceaccount:monitoring:prometheus-k8s';

/** What is said to do when this account's requests end so. */
async function remedyWith(access: Partial<DiscoveryAccess>, change: (mesh: TestMesh) => void = () => {}) {
  const mesh = new TestMesh();
  mesh.access = { ...mesh.access, user: USER, ...access };
  mesh.discovers = [];
  change(mesh);
  const [finding] = await diagnoseMesh(mesh, null, DISCOVERY_RULES);
  return { cause: finding?.causes[0], remedy: remedyOf(finding!) };
}

/** A pod of the account. */
function withPod(mesh: TestMesh): void {
  mesh.pods.push({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { namespace: 'monitoring', name: 'prometheus-k8s-0' },
    spec: { serviceAccountName: 'prometheus-k8s', containers: [{ name: 'prometheus' }] },
    status: { phase: 'Running' },
  });
}

const CASES: [CauseId, Partial<DiscoveryAccess>][] = [
  ['rbac-denied', { everywhere: 'forbidden' }],
  ['rbac-some-namespaces', { everywhere: 'forbidden', namespaces: { shop: 'allowed', bank: 'forbidden' } }],
  ['token-expired', { everywhere: 'unauthorized' }],
  ['api-ca-untrusted', { everywhere: 'untrusted' }],
];

describe("what to do about a Prometheus that is not linkerd-viz's", () => {
  it.each(CASES)('names its ServiceAccount, and no other: %s', async (cause, access) => {
    const found = await remedyWith(access, withPod);
    expect(found.cause).toBe(cause);
    const text = found.remedy.join('\n');
    expect(text).toMatch(/monitoring/);
    expect(text).not.toMatch(/linkerd-viz|linkerd viz|deploy\/prometheus/);
  });

  it('are commands that can be pasted', async () => {
    expect((await remedyWith({ everywhere: 'forbidden' })).remedy.slice(0, 2)).toEqual([
      `\`kubectl auth can-i list pods --all-namespaces --as=${USER}\` must say yes.`,
      'Give it the right: `kubectl create clusterrole prometheus-pods --verb=get,list,watch --resource=pods,nodes`, then `kubectl create clusterrolebinding prometheus-pods --clusterrole=prometheus-pods --serviceaccount=monitoring:prometheus-k8s`.',
    ]);
    expect((await remedyWith({ everywhere: 'unauthorized' }, withPod)).remedy.slice(1)).toEqual([
      'When the ServiceAccount was made again: `kubectl -n monitoring delete pod prometheus-k8s-0`; what owns it brings it back.',
      'Outside the cluster: `kubectl -n monitoring create token prometheus-k8s --duration=24h > token`, and renew it in time.',
    ]);
    expect((await remedyWith({ everywhere: 'untrusted' })).remedy[1]).toBe(
      'After a rotation: restart the pods of ServiceAccount prometheus-k8s in namespace monitoring.',
    );
    const namespaces = { shop: 'allowed', bank: 'forbidden', cafe: 'allowed' } as const;
    expect((await remedyWith({ everywhere: 'forbidden', namespaces })).remedy[1]).toContain('names: [shop, cafe]');
  });

  it('knows the account from the log, where nobody can be asked', async () => {
    const { cause, remedy } = await remedyWith({ everywhere: 'unreachable' }, (mesh) => {
      mesh.log.push(
        `msg="Failed to watch" type=*v1.Pod err="failed to list *v1.Pod: pods is forbidden: User \\"${USER}\\" cannot list resource \\"pods\\" in API group \\"\\" at the cluster scope"`,
      );
    });
    expect(cause).toBe('rbac-denied');
    expect(remedy[0]).toContain(`--as=${USER}`);
  });

  it("leaves linkerd-viz's to the catalogue, which knows its chart", async () => {
    const user = 'system:serviceaccount:linkerd-viz:prometheus';
    expect((await remedyWith({ user, everywhere: 'forbidden' })).remedy.join('\n')).toContain(
      '`linkerd viz install | kubectl apply -f -`',
    );
  });
});
