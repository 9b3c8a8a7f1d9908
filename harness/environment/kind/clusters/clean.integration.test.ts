import { existsSync } from 'node:fs';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createCluster } from '../steps/cluster.ts';
import { cleanClusters } from './clean.ts';
import { clusterFiles } from './names.ts';
import { fakeEngine } from './testing/fake-engine.ts';

let engine: ReturnType<typeof fakeEngine>;
beforeEach(() => {
  engine = fakeEngine();
});
afterEach(() => engine[Symbol.dispose]());

const clean = (names: string[], runId?: string) =>
  cleanClusters(names, { connect: async () => engine.docker, ...(runId === undefined ? {} : { runId }) });
const clusters = () => engine.docker.nodes().map((node) => node.cluster);

it('deletes the cluster of a run that died, and the files about it', async () => {
  const { cluster } = await createCluster(engine.context());
  expect(await clean([cluster.name], 'run-1')).toEqual({ deleted: [cluster.name], emptied: [], left: [] });
  expect(clusters()).toEqual([]);
  expect(existsSync(cluster.kubeconfig)).toBe(false);
  expect(existsSync(clusterFiles(cluster.name).owner)).toBe(false);
});

it('deletes what was half made, though nothing is known of it', async () => {
  engine.docker.put({ cluster: 'meshproof-run-7', marked: false });
  expect(await clean(['meshproof-run-7'], 'run-7')).toMatchObject({ deleted: ['meshproof-run-7'] });
});

it('deletes what the engine was just making: it is listed before it can be looked at', async () => {
  engine.docker.put({ cluster: 'meshproof-run-7', marked: false });
  engine.docker.unborn = 3;
  expect(await clean(['meshproof-run-7'], 'run-7')).toMatchObject({ deleted: ['meshproof-run-7'], left: [] });
  expect(clusters()).toEqual([]);
});

it('leaves the shared cluster that another run made anew after the one that died', async () => {
  const made = await createCluster(engine.context({ reuse: true }));
  // It is whole: only what the dead run left in it goes; here nobody answers at its kubeconfig.
  const cleaned = await clean(['meshproof'], 'run-0');
  expect(cleaned).toMatchObject({ deleted: [], emptied: [], left: [{ name: 'meshproof' }] });
  expect(cleaned.left[0]!.reason).toContain('meshproof.kubeconfig');
  engine.docker.put({ ...engine.docker.nodes()[0]!, answers: false });
  expect((await clean(['meshproof'], 'run-0')).left).toMatchObject([
    { reason: 'it does not answer, so what the run left in it can not be removed' },
  ]);
  expect(clusters()).toEqual(['meshproof']);
  expect(made.cluster.reused).toBe(false);
});

it('deletes the shared cluster when the run that died was still making it, or no run is named', async () => {
  await createCluster(engine.context({ reuse: true }));
  const [node] = engine.docker.nodes();
  engine.docker.put({ ...node!, marked: false });
  expect(await clean(['meshproof'], 'run-1')).toMatchObject({ deleted: ['meshproof'] });
  await createCluster(engine.context({ reuse: true }));
  expect(await clean(['meshproof'])).toMatchObject({ deleted: ['meshproof'] });
  expect(clusters()).toEqual([]);
});

it('leaves what meshproof did not make, and has nothing to do where nothing is', async () => {
  engine.docker.put({ cluster: 'meshproof', mounts: [] });
  engine.docker.put({ cluster: 'meshproof-run-1', mounts: [] });
  const nothing = { deleted: [], emptied: [], left: [] };
  expect(await clean(['meshproof', 'meshproof-run-1', 'meshproof-run-2'], 'run-1')).toEqual(nothing);
  expect(await clean(['meshproof'])).toEqual(nothing);
  expect(clusters().sort()).toEqual(['meshproof', 'meshproof-run-1']);
});

it('without Docker all are left, with the reason', async () => {
  expect(await cleanClusters(['meshproof-run-1'], { runId: 'run-1', env: { PATH: '' } })).toEqual({
    ...{ deleted: [], emptied: [] },
    left: [{ name: 'meshproof-run-1', reason: 'there is no docker on PATH' }],
  });
  expect((await cleanClusters([], { runId: 'run-1', env: { PATH: '' } })).left).toEqual([]);
});
