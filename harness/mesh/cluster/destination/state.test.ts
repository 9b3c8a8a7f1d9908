import { afterEach, describe, expect, it } from 'vitest';
import { eventually } from '../testing/control-plane.ts';
import { MeshState } from './state.ts';

const NAMES = { trustDomain: 'cluster.local', controlPlaneNamespace: 'linkerd' };
const POD = {
  metadata: { name: 'web-1', namespace: 'shop', uid: 'u', resourceVersion: '1', managedFields: [] as object[] },
  spec: { containers: [{ name: 'app' }] },
  status: { phase: 'Running', podIP: '10.0.0.1', conditions: [{ type: 'Ready', status: 'True' }] },
};

/** An API of which a test decides when ReplicaSets are listed, and what a watch of pods says. */
class Api {
  listReplicaSets: () => void = () => {};
  #event: (line: string) => void = () => {};
  readonly #replicaSets = new Promise<void>((resolve) => {
    this.listReplicaSets = resolve;
  });

  async request<T>(_method: string, path: string): Promise<T> {
    if (path.startsWith('/apis/apps/v1/replicasets')) await this.#replicaSets;
    const items = path.startsWith('/api/v1/pods') ? [POD] : [];
    return { metadata: { resourceVersion: '1' }, items } as T;
  }

  async *lines(path: string, signal: AbortSignal): AsyncGenerator<string> {
    for (;;) {
      yield await new Promise<string>((resolve, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason));
        if (path.startsWith('/api/v1/pods')) this.#event = resolve;
      });
    }
  }

  /** One at a time. */
  tell(object: object): void {
    this.#event(JSON.stringify({ type: 'MODIFIED', object }));
  }
}

let state: MeshState | undefined;
afterEach(() => state?.[Symbol.dispose]());

const nextTurns = async (count: number) => {
  for (let i = 0; i < count; i++) await new Promise((resolve) => setTimeout(resolve, 0));
};

describe('MeshState', () => {
  it('says nothing before everything has been listed', async () => {
    const api = new Api();
    const told: string[] = [];
    state = new MeshState({ api, names: NAMES, changed: (line) => told.push(line), log: expect.fail, coalesceMs: 0 });
    // Pods and Services are listed and coalesced by now.
    await nextTurns(20);
    expect([told, state.line]).toEqual([[], null]);
    api.listReplicaSets();
    await eventually('the first snapshot', () => told[0]);
    expect(state.line).toBe(told[0]);
  });

  it('says nothing of a change that no proxy need know', async () => {
    const api = new Api();
    api.listReplicaSets();
    const told: string[] = [];
    state = new MeshState({ api, names: NAMES, changed: (line) => told.push(line), log: expect.fail, coalesceMs: 0 });
    await eventually('the first snapshot', () => told[0]);
    await nextTurns(5);
    api.tell({ ...POD, metadata: { ...POD.metadata, resourceVersion: '2', managedFields: [{ manager: 'kubelet' }] } });
    await nextTurns(20);
    expect(told).toHaveLength(1);
    api.tell({
      ...POD,
      metadata: { ...POD.metadata, resourceVersion: '3' },
      status: { ...POD.status, conditions: [] },
    });
    await eventually('the change', () => told[1]);
    expect(JSON.parse(told[1]!).pods).toMatchObject([{ ready: false }]);
  });
});
