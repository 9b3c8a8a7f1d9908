import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { cacheEntry } from './cache.ts';
import { prometheusVersion, TOOLS } from './catalogue.ts';
import { resolveTool } from './resolve.ts';
import { prints, standInMachine } from './testing.ts';
import { compareVersions } from './version.ts';

/** A stand-in for go: records how it was called, and "builds" a k6 that prints the version of go.mod. */
const FAKE_GO = `
pwd >> "$HOME/go-calls"
echo "$GOFLAGS|$GOWORK|$CGO_ENABLED|$*" >> "$HOME/go-calls"
while [ $# -gt 0 ]; do [ "$1" = -o ] && out="$2"; shift; done
printf '#!/bin/sh\\necho "k6 v1.8.1 (stand-in)"\\n' > "$out"
/bin/chmod 755 "$out"
`;

const calls = (root: string) => {
  const file = join(root, 'go-calls');
  return existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n') : [];
};

test('a path given comes first, an option before the environment', async () => {
  using machine = standInMachine();
  machine.program('k6', prints('k6 v1.7.0 (on PATH)'));
  const option = machine.program('mine', prints('k6 v1.2.3 (go)'), machine.root);
  const variable = machine.program('other', prints('k6 v1.4.0 (go)'), machine.root);
  const env = { ...machine.options.env, MESHPROOF_K6: variable };

  expect(await resolveTool('k6', { ...machine.options, env, given: option })).toEqual({
    name: 'k6',
    path: option,
    version: '1.2.3',
    source: 'given',
  });
  expect(await resolveTool('k6', { ...machine.options, env })).toMatchObject({ path: variable, source: 'given' });
  expect(await resolveTool('k6', machine.options)).toMatchObject({ version: '1.7.0', source: 'PATH' });
});

test('a path given that won’t do is an error, though there is a good one on PATH', async () => {
  using machine = standInMachine();
  machine.program('k6', prints('k6 v1.7.0'));
  const old = machine.program('old', prints('k6 v0.49.0 (go)'), machine.root);
  const given = resolveTool('k6', { ...machine.options, given: old });
  await expect(given).rejects.toMatchObject({ code: 'TOOL_UNUSABLE', exitCode: 4 });
  await expect(given).rejects.toThrow(`can't be used: ${old} is version 0.49.0; at least 1.0.0 is needed`);

  const nowhere = join(machine.root, 'nowhere');
  await expect(resolveTool('k6', { ...machine.options, given: nowhere })).rejects.toThrow(
    /nowhere version failed.*ENOENT/,
  );
});

test('programs on PATH that are too old, broken or mute are passed over', async () => {
  using machine = standInMachine();
  const dirs = ['old', 'broken', 'mute', 'good', 'late'].map((name) => machine.folder(name));
  const [old, broken, mute, good, late] = dirs as [string, string, string, string, string];
  machine.program('prometheus', prints('prometheus, version 2.37.9 (branch: HEAD)'), old);
  machine.program('prometheus', 'echo "no such shim" >&2; exit 1', broken);
  machine.program('prometheus', prints('hello'), mute);
  machine.program('prometheus', prints('prometheus, version 2.53.1 (branch: HEAD)'), good);
  machine.program('prometheus', prints('prometheus, version 3.15.0 (branch: HEAD)'), late);
  const on = (PATH: string[]) => ({ ...machine.options, env: { ...machine.options.env, PATH: PATH.join(delimiter) } });

  expect(await resolveTool('prometheus', on(dirs))).toMatchObject({
    version: '2.53.1',
    path: join(good, 'prometheus'),
  });

  const error = await resolveTool('prometheus', on([old, broken, mute])).catch((e) => e);
  expect(error).toMatchObject({ code: 'TOOL_MISSING', exitCode: 4 });
  expect(error.message.split('\n')).toEqual([
    'there is no usable prometheus; tried:',
    '  given: neither --prometheus nor MESHPROOF_PROMETHEUS is set',
    `  PATH: ${old}/prometheus is version 2.37.9; at least 2.40.0 is needed`,
    `  PATH: ${broken}/prometheus --version failed: no such shim`,
    `  PATH: ${mute}/prometheus does not say its version`,
    expect.stringMatching(
      /^ {2}cache: there is no .*\/meshproof\/tools\/prometheus-3\.15\.0-[0-9a-f]{12}\/prometheus$/,
    ),
    '  release: http://127.0.0.1:2/prometheus/prometheus/releases/download/v3.15.0/sha256sums.txt: nobody listens there (ECONNREFUSED)',
    "  container: DOCKER_HOST is tcp://docker.invalid:2375: containers there can't see the loopback addresses of this machine",
    '  go: there is no go on PATH',
  ]);
  expect(error.hint).toMatch(
    /prometheus 2\.40\.0 or later .*, or Go to have it built, or name its path with MESHPROOF_PROM/,
  );
});

test('a program built by go install does not print its version: it is read from the module list in it', async () => {
  using machine = standInMachine();
  const path = machine.program('prometheus', `${prints('prometheus, version  (branch: , revision: unknown)')}; exit`);
  const padding = `${'#'.repeat(1 << 20)}`;
  const modules =
    'mod\tgithub.com/prometheus/prometheus/cmd\tv0.1.1\nmod\tgithub.com/prometheus/prometheus\tv0.307.1\th1:x=';
  // The list lies across the border of two readings.
  const script = readFileSync(path, 'utf8');
  writeFileSync(path, `${script}${padding.slice(0, padding.length - script.length - 70)}\n${modules}\n${padding}`);
  expect(await resolveTool('prometheus', machine.options)).toMatchObject({ version: '3.7.1', source: 'PATH' });
});

test('go builds into the cache, once; then the cache has it', async () => {
  using machine = standInMachine();
  machine.program('go', FAKE_GO);
  const built = await resolveTool('k6', machine.options);
  expect(built).toMatchObject({ version: '1.8.1', source: 'go' });
  expect(built.path.startsWith(join(machine.root, 'cache', 'meshproof', 'tools', 'k6-1.8.1-'))).toBe(true);
  expect(machine.said[0]).toMatch(/^k6 1\.8\.1: building with .*\/go \(once; usually about 75 s/);
  expect(machine.said.at(-1)).toMatch(/^k6 1\.8\.1: built in \d+ s$/);

  const [cwd, call = ''] = calls(machine.root);
  expect(cwd).toBe(machine.toolsDir);
  expect(call).toMatch(/^-mod=readonly\|off\|0\|build -ldflags -s -w -o .* go\.k6\.io\/k6$/);

  expect(await resolveTool('k6', machine.options)).toEqual({ ...built, source: 'cache' });
  expect(calls(machine.root)).toHaveLength(2);
  // Nothing but the entry is left: no lock, no part.
  expect(readdirSync(dirname(dirname(built.path)))).toHaveLength(1);
});

test('Prometheus is built with its tags and told its version', async () => {
  using machine = standInMachine();
  machine.program('go', FAKE_GO.replace('k6 v1.8.1', 'prometheus, version 3.15.0'));
  expect(await resolveTool('prometheus', machine.options)).toMatchObject({ version: '3.15.0', source: 'go' });
  expect(calls(machine.root)[1]).toMatch(
    / -tags remove_all_sd,enable_kubernetes_sd -ldflags -s -w -X github\.com\/prometheus\/common\/version\.Version=3\.15\.0 -o /,
  );
});

test('two at once build once', async () => {
  using machine = standInMachine();
  machine.program('go', `/bin/sleep 0.3\n${FAKE_GO}`);
  const both = await Promise.all([resolveTool('k6', machine.options), resolveTool('k6', machine.options)]);
  expect(both[0].path).toBe(both[1].path);
  // The other one found what the first had built.
  expect(both.map((tool) => tool.source).sort()).toEqual(['cache', 'go']);
  expect(calls(machine.root)).toHaveLength(2);
  expect(machine.said).toContainEqual(expect.stringMatching(/^k6: another run is (?:building|fetching) it; waiting$/));
});

test('a build that fails says why, and leaves nothing', async () => {
  using machine = standInMachine();
  machine.program('go', 'echo "go: module lookup disabled" >&2; exit 1');
  await expect(resolveTool('k6', machine.options)).rejects.toThrow(
    / {2}go: .*\/go build failed after \d+ s: go: module lookup disabled$/,
  );
  expect(readdirSync(join(machine.root, 'cache', 'meshproof', 'tools'))).toEqual([]);
});

test('a build that is interrupted ends go, and leaves nothing', async () => {
  using machine = standInMachine();
  machine.program('go', 'echo $$ > "$HOME/go-calls"; exec /bin/sleep 60');
  const stop = new AbortController();
  const resolving = resolveTool('k6', { ...machine.options, signal: stop.signal });
  await expect.poll(() => calls(machine.root)[0]).toMatch(/^\d+$/);
  stop.abort(new Error('told to stop'));
  await expect(resolving).rejects.toThrow('told to stop');
  expect(() => process.kill(Number(calls(machine.root)[0]), 0)).toThrow('ESRCH');
  expect(readdirSync(join(machine.root, 'cache', 'meshproof', 'tools'))).toEqual([]);
});

test('the cache knows other sums as another program', () => {
  using machine = standInMachine();
  const context = { env: machine.options.env ?? {}, toolsDir: machine.toolsDir };
  const before = cacheEntry(TOOLS.k6, context);
  expect(cacheEntry(TOOLS.k6, context)).toEqual(before);
  writeFileSync(join(machine.toolsDir, 'go.sum'), 'other sums\n');
  expect(cacheEntry(TOOLS.k6, context).dir).not.toBe(before.dir);
});

test('the cache’s place, without XDG_CACHE_HOME', () => {
  using machine = standInMachine();
  const { dir } = cacheEntry(TOOLS.k6, { env: { HOME: '/home/me' }, toolsDir: machine.toolsDir });
  expect(dirname(dir)).toBe('/home/me/.cache/meshproof/tools');
});

test('go.mod without the tool', async () => {
  using machine = standInMachine();
  writeFileSync(join(machine.toolsDir, 'go.mod'), 'module example.org/tools\n');
  await expect(resolveTool('k6', machine.options)).rejects.toMatchObject({ code: 'TOOL_NOT_PINNED' });
});

test('a way that joins later has its place in the list', async () => {
  using machine = standInMachine();
  mkdirSync(join(machine.root, 'image'));
  const file = machine.program('k6', prints('k6 v1.9.0'), join(machine.root, 'image'));
  const container = { source: 'container', decisive: false, find: async () => ({ candidates: [file] }) };
  const none = { source: 'none', decisive: false, find: async () => ({ reason: 'not here' }) };
  expect(await resolveTool('k6', { ...machine.options, strategies: [none, container] })).toMatchObject({
    version: '1.9.0',
    source: 'container',
  });
});

test.each([
  ['v0.315.0', '3.15.0'],
  ['v0.300.1', '3.0.1'],
  ['v0.53.2', '2.53.2'],
])('Prometheus module %s is release %s', (module, release) => {
  expect(prometheusVersion(module)).toBe(release);
});

test.each([
  ['1.10.0', '1.9.9', 1],
  ['2.40.0', '2.40.0', 0],
  ['0.57.0', '1.0.0', -1],
])('version %s against %s', (a, b, sign) => {
  expect(Math.sign(compareVersions(a, b))).toBe(sign);
});

test('a version that is wanted goes before any that would do, whatever variable names another', async () => {
  using machine = standInMachine();
  const [first, second] = ['first', 'second'].map((name) => machine.folder(name)) as [string, string];
  machine.program('linkerd', prints('edge-26.8.3'), first);
  const wanted = machine.program('linkerd', prints('stable-2.14.10'), second);
  const other = machine.program('other', prints('edge-26.8.1'), machine.root);
  const env = { ...machine.options.env, PATH: [first, second].join(delimiter), MESHPROOF_LINKERD: other };
  const options = { ...machine.options, env, version: 'stable-2.14.10' };
  expect(await resolveTool('linkerd', options)).toEqual({
    ...{ name: 'linkerd', path: wanted, version: 'stable-2.14.10', source: 'PATH' },
  });
  await expect(resolveTool('linkerd', { ...options, given: other })).rejects.toThrow(
    `can't be used: ${other} is version edge-26.8.1, and stable-2.14.10 is wanted`,
  );
});

test('a version that is nowhere: each way is named with what it led to', async () => {
  using machine = standInMachine();
  machine.program('linkerd', prints('edge-26.8.3'));
  const missing = resolveTool('linkerd', { ...machine.options, version: 'edge-26.8.1' });
  await expect(missing).rejects.toMatchObject({ code: 'TOOL_MISSING' });
  await expect(missing).rejects.toThrow(
    /there is no linkerd edge-26\.8\.1; tried:[\s\S]*PATH: \S+ is version edge-26\.8\.3, and edge-26\.8\.1 is wanted[\s\S]*cache: there is no \S+linkerd-edge-26\.8\.1-[\s\S]*release: /,
  );
});
