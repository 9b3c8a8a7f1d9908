import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { clusterFiles, ownCluster, sharedCluster } from '../clusters/names.ts';
import { fakeEngine } from '../clusters/testing/fake-engine.ts';
import { createCluster } from './cluster.ts';

let engine: ReturnType<typeof fakeEngine>;
beforeEach(() => {
  engine = fakeEngine();
});
afterEach(() => engine[Symbol.dispose]());

const created = () => engine.calls().filter((call) => call.startsWith('kind create')).length;
/** Files about clusters that are left. */
const files = () => readdirSync(clusterFiles('x').dir).sort();

describe('a cluster of the run’s own', () => {
  it('is made, marked, registered, and gone with the run', async () => {
    const context = engine.context();
    {
      await using made = await createCluster(context);
      expect(made.cluster).toEqual({
        name: 'meshproof-run-1',
        kubeconfig: clusterFiles('meshproof-run-1').kubeconfig,
        nodes: ['meshproof-run-1-control-plane'],
        reused: false,
        sameKernel: true,
      });
      expect(engine.docker.nodes()).toMatchObject([{ marked: true, image: 'id-of-pinned/node:1' }]);
      expect(readFileSync(made.cluster.kubeconfig, 'utf8')).toMatch(/^server of id/);
      expect(JSON.parse(readFileSync(clusterFiles('meshproof-run-1').owner, 'utf8'))).toMatchObject({
        ...{ cluster: 'meshproof-run-1', runId: 'run-1', shared: 'no' },
      });
      expect(engine.registered(context)).toEqual(['meshproof-run-1']);
    }
    expect(engine.docker.nodes()).toEqual([]);
    expect(files()).toEqual([]);
    expect(engine.registered(context)).toEqual([]);
  });

  it('has kind’s pod network unless the image brings its own', async () => {
    await (await createCluster(engine.context()))[Symbol.asyncDispose]();
    expect(parse(engine.config()).networking).toEqual({ apiServerAddress: '127.0.0.1', disableDefaultCNI: true });
    engine.docker.kindnet = true;
    await (await createCluster(engine.context()))[Symbol.asyncDispose]();
    expect(parse(engine.config()).networking).toEqual({ apiServerAddress: '127.0.0.1' });
  });

  it('leaves nothing when kind fails, and says what kind said', async () => {
    engine.afterCreate('echo "ERROR: failed to create cluster: kubeadm init" >&2; exit 1');
    const context = engine.context();
    await expect(createCluster(context)).rejects.toMatchObject({
      code: 'CLUSTER_NOT_CREATED',
      message: expect.stringContaining('kind create cluster failed: failed to create cluster: kubeadm init'),
    });
    expect(engine.docker.nodes()).toEqual([]);
    expect(files()).toEqual([]);
    expect(engine.registered(context)).toEqual([]);
  });

  it('leaves nothing when it is interrupted while kind is at work', async () => {
    engine.afterCreate('echo waiting >> "$(dirname "$0")/calls"; exec sleep 60');
    const stop = new AbortController();
    const context = engine.context({}, stop.signal);
    const creating = createCluster(context);
    await expect.poll(() => engine.calls(), { timeout: 20_000 }).toContain('waiting');
    expect(engine.registered(context)).toEqual(['meshproof-run-1']);
    stop.abort(new Error('told to stop'));
    await expect(creating).rejects.toThrow('told to stop');
    expect(engine.docker.nodes()).toEqual([]);
    expect(files()).toEqual([]);
    expect(engine.registered(context)).toEqual([]);
  });

  it('is taken away though a frozen process holds its node', async () => {
    const made = await createCluster(engine.context());
    engine.docker.stubborn = 1;
    await made[Symbol.asyncDispose]();
    expect(engine.docker.nodes()).toEqual([]);
    expect(engine.docker.thawed).toBe(1);
  });

  it('stays registered when it can’t be taken away', async () => {
    const context = engine.context();
    const made = await createCluster(context);
    engine.docker.text = async () => {
      throw new Error('no engine');
    };
    await expect(made[Symbol.asyncDispose]()).rejects.toMatchObject({
      code: 'CLUSTER_NOT_DELETED',
      hint: expect.stringContaining('meshproof clean'),
    });
    expect(engine.registered(context)).toEqual(['meshproof-run-1']);
    context.registration.close();
    expect(existsSync(context.registration.file)).toBe(true);
  });

  it.each([
    ['somebody else’s', [], 'CLUSTER_NOT_OURS'],
    ['another run’s', undefined, 'CLUSTER_EXISTS'],
  ])('is not made over %s', async (_, mounts, code) => {
    const node = engine.docker.put({ cluster: 'meshproof-run-1', ...(mounts ? { mounts } : {}) });
    await expect(createCluster(engine.context())).rejects.toMatchObject({ code });
    expect(engine.docker.nodes()).toEqual([node]);
    expect(engine.calls()).toEqual([]);
  });

  it('is not taken away when somebody was quicker with the name', async () => {
    engine.afterCreate('echo "ERROR: node(s) already exist for a cluster with the name" >&2; exit 1');
    await expect(createCluster(engine.context())).rejects.toMatchObject({ code: 'CLUSTER_EXISTS' });
    expect(engine.docker.nodes()).toHaveLength(1);
  });
});

describe('the image of its nodes', () => {
  const imageOf = async (options: Parameters<typeof engine.context>[0]) => {
    await using _ = await createCluster(engine.context(options));
    return engine.docker.nodes()[0]!.image;
  };

  it('is any pinned one that is there, else the first one, pulled', async () => {
    expect(await imageOf({})).toBe('id-of-pinned/node:1');
    engine.docker.images.clear();
    engine.docker.registry.add('pinned/node:2').add('pinned/node:1');
    expect(await imageOf({})).toBe('id-of-pinned/node:2');
  });

  it('is pulled through the mirror', async () => {
    engine.docker.images.clear();
    engine.docker.registry.add('mirror.test/pinned/node:2');
    expect(await imageOf({ registryMirror: 'mirror.test/' })).toBe('id-of-pinned/node:2');
  });

  it('is the one asked for, and no other', async () => {
    engine.docker.images.add('mine:1');
    expect(await imageOf({ nodeImage: 'mine:1' })).toBe('id-of-mine:1');
    await expect(createCluster(engine.context({ nodeImage: 'mine:2' }))).rejects.toMatchObject({
      code: 'IMAGE_MISSING',
      message: "the node image mine:2: not in Docker's store, and pulling it failed: manifest unknown",
      hint: expect.stringContaining('--node-image'),
    });
  });
});

describe('the cluster that runs share', () => {
  const reuse = { reuse: true };
  const shared = () => engine.docker.nodes().filter((node) => node.cluster === 'meshproof');

  it('is made by the first, found by the second, and stays', async () => {
    const context = engine.context(reuse);
    {
      await using first = await createCluster(context);
      expect(first.cluster).toMatchObject({ name: 'meshproof', reused: false });
      expect(engine.registered(context)).toEqual(['meshproof']);
      await using second = await createCluster(engine.context(reuse));
      expect(second.cluster).toMatchObject({ name: 'meshproof', reused: true });
    }
    expect(shared()).toHaveLength(1);
    expect(created()).toBe(1);
    expect(engine.registered(context)).toEqual([]);
    expect(files()).toEqual(['meshproof.kubeconfig', 'meshproof.owner.json']);
  });

  it('is made once by two at the same time', async () => {
    engine.afterCreate('sleep 0.3');
    const both = await Promise.all([createCluster(engine.context(reuse)), createCluster(engine.context(reuse))]);
    expect(both.map((made) => made.cluster.reused).sort()).toEqual([false, true]);
    expect(created()).toBe(1);
    expect(engine.notes).toContain('another run is making the cluster meshproof; waiting');
  });

  it.each(['exited', 'paused'])('is started when it is %s', async (state) => {
    engine.docker.put({ cluster: 'meshproof', state });
    const made = await createCluster(engine.context(reuse));
    expect(made.cluster.reused).toBe(true);
    expect(shared()).toMatchObject([{ state: 'running' }]);
    expect(engine.notes).toEqual([`the cluster meshproof: meshproof-control-plane is ${state}; started`]);
  });

  it('gets its kubeconfig anew, whatever stood there', async () => {
    await createCluster(engine.context(reuse));
    const { kubeconfig } = clusterFiles('meshproof');
    writeFileSync(kubeconfig, 'of a cluster that is gone');
    await createCluster(engine.context(reuse));
    expect(readFileSync(kubeconfig, 'utf8')).toBe('exported\n');
    expect(files()).toEqual(['meshproof.kubeconfig', 'meshproof.owner.json']);
  });

  it('is made anew when it is gone', async () => {
    await createCluster(engine.context(reuse));
    await engine.docker.run(['rm', '--force', '--volumes', shared()[0]!.id]);
    const made = await createCluster(engine.context(reuse));
    expect(made.cluster.reused).toBe(false);
    expect(readFileSync(made.cluster.kubeconfig, 'utf8')).toMatch(/^server of/);
  });

  it('is made anew when its making was cut off', async () => {
    engine.docker.put({ cluster: 'meshproof', id: 'half', marked: false });
    const made = await createCluster(engine.context(reuse));
    expect(made.cluster.reused).toBe(false);
    expect(shared()).toMatchObject([{ marked: true }]);
    expect(engine.notes).toContain('the cluster meshproof was not made to the end; it is made anew');
  });

  it('is refused when somebody else made it, running or not', async () => {
    for (const state of ['running', 'exited']) {
      const node = engine.docker.put({ cluster: 'meshproof', mounts: ['/var'], state });
      await expect(createCluster(engine.context(reuse))).rejects.toMatchObject({
        code: 'CLUSTER_NOT_OURS',
        message: 'there is a cluster meshproof that meshproof did not make',
      });
      expect(engine.docker.nodes()).toEqual([node]);
    }
    expect(engine.calls()).toEqual([]);
  });

  it('is refused when it runs another image than the one asked for', async () => {
    engine.docker.put({ cluster: 'meshproof' });
    const context = engine.context({ ...reuse, nodeImage: 'mine:1' });
    await expect(createCluster(context)).rejects.toMatchObject({ code: 'CLUSTER_OTHER_IMAGE' });
    engine.docker.images.add('pinned/node:1');
    const same = engine.context({ ...reuse, nodeImage: 'pinned/node:1' });
    expect((await createCluster(same)).cluster.reused).toBe(true);
  });
});

describe('names', () => {
  it.each([
    ['2026-11-22_10.00', 'meshproof-2026-11-22-10.00'],
    ['ABC', 'meshproof-abc'],
    ['x'.repeat(80), `meshproof-${'x'.repeat(35)}`],
    [`${'x'.repeat(34)}-y`, `meshproof-${'x'.repeat(34)}`],
  ])('run %s has cluster %s', (runId, name) => {
    expect(ownCluster(runId)).toBe(name);
  });

  it('the shared one may have another, but not just any', () => {
    expect(sharedCluster({})).toBe('meshproof');
    expect(sharedCluster({ MESHPROOF_SHARED_CLUSTER: 'meshproof-test' })).toBe('meshproof-test');
    for (const name of ['kind', 'meshproofing', 'meshproof-A', 'meshproof-/x']) {
      expect(() => sharedCluster({ MESHPROOF_SHARED_CLUSTER: name })).toThrow(`MESHPROOF_SHARED_CLUSTER is ${name}`);
    }
  });
});
