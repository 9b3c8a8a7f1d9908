import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { baseWithNode, findBase, nodeOf } from './base.ts';
import { type BuildSpec, buildImage, DOCKERFILES } from './build.ts';
import { meshImages } from './mesh.ts';
import { canonical, loadIntoNodes } from './nodes.ts';
import { storedOrPulled } from './store.ts';
import { takeTool } from './taken.ts';
import { standInContext } from './testing.ts';

const SPEC: BuildSpec = {
  repository: 'meshproof/service',
  dockerfile: 'service.Dockerfile',
  args: { BASE: { value: 'base:1', identity: 'sha256:a' } },
  files: { 'service.mjs': { text: 'one' } },
};
const BASE = { name: 'base:1', id: 'sha256:base' };
const CLUSTER = { name: 'c', kubeconfig: '', nodes: ['node-1'], reused: false, sameKernel: true };

test('what is unchanged is not built again; any other input is another tag', async () => {
  using context = await standInContext();
  const first = await buildImage(SPEC, context);
  expect(first).toMatch(/^meshproof\/service:[0-9a-f]{12}$/);
  expect(await buildImage(SPEC, context)).toBe(first);
  // Under another name it is the same base.
  expect(await buildImage({ ...SPEC, args: { BASE: { value: 'base:2', identity: 'sha256:a' } } }, context)).toBe(first);
  expect(context.docker.built).toEqual([first]);

  const others = [
    { ...SPEC, files: { 'service.mjs': { text: 'two' } } },
    { ...SPEC, files: { 'other.mjs': { text: 'one' } } },
    { ...SPEC, args: { BASE: { value: 'base:1', identity: 'sha256:b' } } },
    { ...SPEC, dockerfile: 'proxy.Dockerfile' },
  ];
  const names = await Promise.all(others.map((spec) => buildImage(spec, context)));
  expect(new Set([first, ...names]).size).toBe(5);
  expect(context.docker.built).toHaveLength(5);
  expect(context.notes[0]).toMatch(/^image meshproof\/service:\w+: built in \d+\.\d s$/);
});

test('a build that fails says what the builder said last, on either stream', async () => {
  using context = await standInContext();
  context.docker.buildOutput = {
    code: 1,
    stdout: 'Step 3/7\niptables: not found',
    stderr: 'returned a non-zero code: 127',
  };
  const build = buildImage(SPEC, context);
  await expect(build).rejects.toMatchObject({ code: 'IMAGE_BUILD_FAILED', exitCode: 4 });
  await expect(build).rejects.toThrow(
    /service\.Dockerfile\):\nStep 3\/7\niptables: not found\s*returned a non-zero code: 127/,
  );
});

test('a program that cannot be read is said by its name', async () => {
  using context = await standInContext();
  const files = { node: { program: '/nowhere/node', identity: '24' } };
  await expect(buildImage({ ...SPEC, files }, context)).rejects.toThrow(
    /\/nowhere\/node can't be put into an image: ENOENT/,
  );
});

test('an image is taken from the store, else pulled through the mirror; else there is a reason', async () => {
  using context = await standInContext({ registryMirror: 'mirror.example:5000/hub' });
  context.docker.registry.add('docker.io/library/a:1');
  expect(await storedOrPulled('docker.io/library/a:1', context)).toMatchObject({
    image: { name: 'docker.io/library/a:1' },
  });
  expect(await storedOrPulled('docker.io/library/a:1', context)).toMatchObject({
    image: { name: 'docker.io/library/a:1' },
  });
  expect(context.docker.asked.filter((line) => line.startsWith('pull'))).toEqual([
    'pull docker.io/library/a:1 from mirror.example:5000/hub',
  ]);
  expect(await storedOrPulled('docker.io/library/b:1', context)).toEqual({ image: null, reason: 'no such host' });
});

test('an image known by its digest only gets its tag, which is its name in the nodes', async () => {
  using context = await standInContext();
  const digest = `sha256:${'0'.repeat(64)}`;
  context.docker.store.set(`docker.io/prom/prometheus:v3@${digest}`, { id: 'sha256:p' });
  const found = await storedOrPulled(`docker.io/prom/prometheus:v3@${digest}`, context);
  expect(found).toMatchObject({ image: { name: 'docker.io/prom/prometheus:v3', id: 'sha256:p' } });
  expect(context.docker.store.has('docker.io/prom/prometheus:v3')).toBe(true);
});

test('the base is the one named by option, by environment, or the pinned one', async () => {
  using context = await standInContext({ baseImage: 'mine:1' });
  for (const name of ['mine:1', 'theirs:1', context.versions.images.base]) context.docker.store.set(name, { id: name });
  expect(await findBase(context, { MESHPROOF_BASE_IMAGE: 'theirs:1' })).toMatchObject({ name: 'mine:1' });
  context.options.baseImage = null;
  expect(await findBase(context, { MESHPROOF_BASE_IMAGE: 'theirs:1' })).toMatchObject({ name: 'theirs:1' });
  expect(await findBase(context, {})).toMatchObject({ name: context.versions.images.base });
});

test('a base that is nowhere is an error with its name, where it was looked for, and the way out', async () => {
  using context = await standInContext({ baseImage: 'mine:1' });
  const found = findBase(context, {});
  await expect(found).rejects.toMatchObject({ code: 'IMAGE_MISSING', hint: expect.stringContaining('--base-image') });
  await expect(found).rejects.toThrow(/mine:1 .*--base-image.*\n.*local store: not there\n.*pulling it: no such host/);
});

test('Node is copied into a base that has none, or an old one', async () => {
  expect(nodeOf({ env: ['PATH=/bin', 'NODE_VERSION=24.1.0'] })).toBe(24);
  expect(nodeOf({ env: ['PATH=/bin'] })).toBe(0);
  using context = await standInContext({ baseImage: 'mine:1' });
  const own = { x64: 'amd64', arm64: 'arm64' }[process.arch as string]!;
  context.docker.store.set('mine:1', { id: 'sha256:m', env: ['NODE_VERSION=24.1.0'], architecture: own });
  expect(await baseWithNode(await findBase(context), context)).toMatchObject({ name: 'mine:1' });
  context.docker.store.set('mine:1', { id: 'sha256:m', env: ['NODE_VERSION=18.1.0'], architecture: own });
  expect((await baseWithNode(await findBase(context), context)).name).toMatch(
    new RegExp(`^meshproof/node:${process.versions.node}-\\w{12}$`),
  );
  context.docker.store.set('mine:1', { id: 'sha256:m', architecture: 'riscv64' });
  await expect(baseWithNode(await findBase(context), context)).rejects.toMatchObject({
    code: 'IMAGE_MISSING',
    message: expect.stringMatching(/mine:1 has none(.|\n)*linux on riscv64/),
  });
});

test('a tool’s image: the pinned one, else put together from this machine’s program', async () => {
  using context = await standInContext({}, { k6: { path: process.execPath, version: '1.8.1' } });
  const pinned = context.versions.images.k6;
  context.docker.registry.add(pinned);
  expect(await takeTool('k6', Promise.resolve(BASE), context)).toBe(pinned);
  expect(await takeTool('k6', Promise.resolve(BASE), context)).toBe(pinned);

  context.docker.store.clear();
  context.docker.registry.clear();
  const made = await takeTool('k6', Promise.resolve(BASE), context);
  expect(made).toMatch(/^meshproof\/k6:1\.8\.1-\w{12}$/);
  expect(context.notes).toContainEqual(expect.stringContaining('no such host'));
  // The second time no registry is asked, nor anything built.
  const before = context.docker.asked.length;
  expect(await takeTool('k6', Promise.resolve(BASE), context)).toBe(made);
  expect(context.docker.asked.slice(before).filter((line) => /^(pull|build)/.test(line))).toEqual([]);
});

test('a tool’s image that nothing leads to is an error with each way', async () => {
  using without = await standInContext();
  const base = Promise.resolve(BASE);
  await expect(takeTool('prometheus', base, without)).rejects.toMatchObject({
    code: 'IMAGE_MISSING',
    message: expect.stringMatching(/prom\/prometheus(.|\n)*not there\n.*no such host\n.*there is no usable prometheus/),
  });
  using contained = await standInContext({}, { k6: { path: 'grafana/k6:1', start: () => Promise.reject() } });
  await expect(takeTool('k6', base, contained)).rejects.toThrow(/as the container image grafana\/k6:1 only/);
});

test('images of the real mesh: those of the store and the registry; others are left for the node to pull', async () => {
  using context = await standInContext({ mesh: 'linkerd' });
  const [first, ...others] = context.versions.linkerd.images;
  context.docker.store.set(first!, { id: 'sha256:l' });
  expect(await meshImages(context)).toEqual([first]);
  expect(context.notes).toHaveLength(others.length);
  expect(context.notes.join()).toContain('left for the node to pull');
  context.options.mesh = 'simulated';
  expect(await meshImages(context)).toEqual([]);
});

test('a node that knows every name is left alone; Docker’s short names are its long ones', async () => {
  using context = await standInContext();
  context.docker.nodeImages = ['docker.io/meshproof/load:1', 'docker.io/library/node:24', 'sha256:0'];
  // Would fail: there is no such node.
  await loadIntoNodes(['meshproof/load:1', 'node:24', 'meshproof/load:1'], CLUSTER, context);
  expect(context.notes).toEqual([]);

  expect(canonical('meshproof/load:1')).toBe('docker.io/meshproof/load:1');
  expect(canonical('docker.io/prom/prometheus:v3')).toBe('docker.io/prom/prometheus:v3');
  expect(canonical('cr.l5d.io/linkerd/proxy:edge-1')).toBe('cr.l5d.io/linkerd/proxy:edge-1');
  expect(canonical('localhost/a')).toBe('localhost/a:latest');
  expect(canonical('host:5000/a')).toBe('host:5000/a:latest');
  expect(canonical('node')).toBe('docker.io/library/node:latest');
});

test('what does not get into a node is named, with what was said', async () => {
  using context = await standInContext();
  const cluster = { ...CLUSTER, nodes: ['meshproof-test-no-such-node'] };
  context.docker.nodeImages = ['docker.io/meshproof/here:1'];
  const load = loadIntoNodes(['meshproof/here:1', 'meshproof/no-such-image:1'], cluster, context);
  await expect(load).rejects.toMatchObject({ code: 'IMAGE_LOAD_FAILED', hint: expect.stringContaining('images.log') });
  await expect(load).rejects.toThrow(/^meshproof\/no-such-image:1 did not get into the node \S+:\n./);
});

test('every Dockerfile has a build, names its files, is labelled, and names its user by number', () => {
  const files = readdirSync(DOCKERFILES).filter((name) => name.endsWith('Dockerfile'));
  expect(files.sort()).toEqual(
    ['k6', 'load', 'node', 'prometheus', 'proxy', 'service'].map((name) => `${name}.Dockerfile`),
  );
  for (const file of files) {
    const text = readFileSync(join(DOCKERFILES, file), 'utf8');
    expect(text, file).toContain('LABEL app.kubernetes.io/managed-by=meshproof\n');
    const user = text.match(/^USER (\S+)$/gm)?.at(-1);
    if (file !== 'node.Dockerfile') expect(user, file).toMatch(/^USER [1-9]\d*(:[1-9]\d*)?$/);
    expect(text, file).not.toMatch(/^(#\s*syntax|RUN --mount|COPY --(chmod|link))/m);
  }
});
