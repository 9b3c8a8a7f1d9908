import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { runCommand } from '../../core/run-command.ts';
import { RELEASE_PLATFORMS, type ToolName } from '../catalogue.ts';
import { sha256, tarGz } from '../download/testing/pack.ts';
import { startProxy } from '../download/testing/proxy.ts';
import { ReleaseServer } from '../download/testing/release-server.ts';
import { releaseFiles } from '../release-files.ts';
import { resolveTool } from '../resolve.ts';
import { standInMachine } from '../testing.ts';
import { go } from './go.ts';
import { release, releasePlatform, releases } from './release.ts';

let server: ReleaseServer;
let machine: ReturnType<typeof standInMachine>;
beforeEach(async () => {
  server = await ReleaseServer.start();
  machine = standInMachine();
});
afterEach(async () => {
  machine[Symbol.dispose]();
  await server[Symbol.asyncDispose]();
});

const platform = releasePlatform(process.platform, process.arch)!;
const program = (text: string) => Buffer.from(`#!/bin/sh\necho '${text}'\n`);

function options(strategy = release, more: NodeJS.ProcessEnv = {}) {
  const env = { ...machine.options.env, MESHPROOF_RELEASES: server.url, ...more };
  return { ...machine.options, env, strategies: [strategy] };
}

const cacheFolder = () => join(machine.root, 'cache', 'meshproof', 'tools');
const cached = () => readdirSync(cacheFolder());
const publishKind = (data = program('kind v0.33.0 go1.26 linux/amd64'), sum?: string) =>
  server.publish('kind', '0.33.0', platform, data, sum);

/** What each prints of the version that is pinned. */
const PRINTS: Record<ToolName, { version: string; text: string }> = {
  k6: { version: '1.8.1', text: 'k6 v1.8.1 (commit/0, go1.26, linux/amd64)' },
  prometheus: { version: '3.15.0', text: 'prometheus, version 3.15.0 (branch: HEAD)' },
  promtool: { version: '3.15.0', text: 'promtool, version 3.15.0 (branch: HEAD)' },
  kind: { version: '0.33.0', text: 'kind v0.33.0 go1.26 linux/amd64' },
  linkerd: { version: 'edge-26.8.3', text: 'edge-26.8.3' },
};
const NODE = { linux: 'linux', darwin: 'darwin', amd64: 'x64', arm64: 'arm64' } as const;
const EACH = Object.entries(PRINTS).flatMap(([name, prints]) =>
  RELEASE_PLATFORMS.map((of) => ({ name: name as ToolName, of, ...prints })),
);

test.each(EACH)('$name for $of.os on $of.arch, over the redirect that github.com makes', async (of) => {
  server.redirects = true;
  const published = server.publish(of.name, of.version, of.of, program(of.text));
  const tool = await resolveTool(of.name, options(releases(NODE[of.of.os], NODE[of.of.arch])));
  expect(tool).toMatchObject({ name: of.name, version: of.version, source: 'release' });
  expect(server.asked).toEqual([published.checksumPath, published.path]);
  expect(server.assetRequests).toHaveLength(2);
  // The program alone is kept.
  expect(cached()).toEqual([expect.stringMatching(new RegExp(`^${of.name}-${of.version}-[0-9a-f]{12}$`))]);
  expect(readdirSync(dirname(tool.path))).toEqual([of.name]);
  expect(machine.said.at(-1)).toBe(`${of.name} ${of.version}: downloaded and verified`);
});

test('what a mirror must have is what is asked for', async () => {
  const urls = releaseFiles(Object.keys(PRINTS) as ToolName[], RELEASE_PLATFORMS, machine.toolsDir);
  for (const { name, version, text, of } of EACH) {
    const published = server.publish(name, version, of, program(text));
    expect(urls).toContain(`https://github.com${published.path}`);
    expect(urls).toContain(`https://github.com${published.checksumPath}`);
  }
  expect(urls.map((url) => url.replace('https://github.com', '')).sort()).toEqual([...server.files.keys()].sort());
});

test('another release than the pinned one, checked against its own published sum', async () => {
  const published = server.publish('linkerd', 'stable-2.14.10', platform, program('stable-2.14.10'));
  const tool = await resolveTool('linkerd', { ...options(), version: 'stable-2.14.10' });
  expect(tool).toMatchObject({ version: 'stable-2.14.10', source: 'release' });
  expect(server.asked).toEqual([published.checksumPath, published.path]);
  const other = resolveTool('linkerd', { ...options(), version: 'stable-2.14.9' });
  await expect(other).rejects.toThrow(/release: \S+stable-2\.14\.9\S+: status 404: there is no such file/);
});

describe('refused, with nothing left:', () => {
  afterEach(() => expect(cached()).toEqual([]));

  test('another sum than the published one', async () => {
    const { file, data } = publishKind(undefined, 'a'.repeat(64));
    await expect(resolveTool('kind', options())).rejects.toThrow(
      `release: ${file}: its sha256 is ${sha256(data)}, and ${'a'.repeat(64)} is published`,
    );
  });

  test('a published sum that is not the pinned one', async () => {
    const { file, data, checksumPath } = server.publish('linkerd', 'edge-26.8.3', platform, program('edge-26.8.3'));
    const pin = 'f'.repeat(64);
    writeFileSync(
      join(machine.root, 'kind-config', 'versions.yaml'),
      `linkerd: { version: edge-26.8.3, cli: { any: { file: ${file}, sha256: ${pin} } } }\n`,
    );
    await expect(resolveTool('linkerd', options())).rejects.toThrow(
      `release: ${file}: its published sha256 ${sha256(data)} is not the pinned ${pin}`,
    );
    expect(server.asked).toEqual([checksumPath]);
  });

  test('a sum of another file', async () => {
    const { file, checksumPath } = publishKind();
    server.files.set(checksumPath, `${'a'.repeat(64)}  kind-plan9-386\n`);
    await expect(resolveTool('kind', options())).rejects.toThrow(`has no sha256 of ${file}`);
  });

  test('a download that is cut', async () => {
    const { file, path } = publishKind();
    server.files.set(path, (response) => {
      response.writeHead(200, { 'content-length': 1000 });
      response.write('half', () => response.destroy());
    });
    const message = new RegExp(`release: ${server.url}.*${file}: the connection was cut`);
    await expect(resolveTool('kind', options())).rejects.toThrow(message);
  });

  test('an archive without the program', async () => {
    const { path, checksumPath, file } = server.publish('prometheus', '3.15.0', platform, program('x'));
    const data = tarGz([{ path: 'other/prometheus', data: program('x') }]);
    server.files.set(path, data);
    server.files.set(checksumPath, `${sha256(data)}  ${file}\n`);
    await expect(resolveTool('prometheus', options())).rejects.toThrow(
      `release: ${file} can't be unpacked: it has no file prometheus-3.15.0.${platform.os}-${platform.arch}/prometheus`,
    );
  });

  test('a proxy that refuses', async () => {
    await using proxy = await startProxy(403);
    const refused = resolveTool('kind', options(release, { MESHPROOF_RELEASES: '', HTTPS_PROXY: proxy.url }));
    await expect(refused).rejects.toThrow(
      /release: https:\/\/github\.com\/kubernetes-sigs\/kind\/\S+: the proxy of HTTPS_PROXY refuses it with status 403/,
    );
  });

  test('an interruption', async () => {
    const { path } = publishKind();
    const stop = new AbortController();
    server.files.set(path, (response) => {
      response.write('half', () => stop.abort(new Error('told to stop')));
    });
    await expect(resolveTool('kind', { ...options(), signal: stop.signal })).rejects.toThrow('told to stop');
  });
});

test('a cache that can’t be made', async () => {
  writeFileSync(join(machine.root, 'cache'), 'a file where the folder should be');
  publishKind();
  await expect(resolveTool('kind', options())).rejects.toThrow(
    /release: the cache \S+ can't be made: .*; XDG_CACHE_HOME names another place/,
  );
});

test('what a run that was killed has left goes', async () => {
  publishKind();
  const tool = await resolveTool('kind', options());
  const entry = dirname(tool.path);
  mkdirSync(`${entry}.part-x1y2z3`);
  writeFileSync(join(`${entry}.part-x1y2z3`, 'archive'), 'half');
  rmSync(entry, { recursive: true });
  await resolveTool('kind', options());
  expect(cached()).toHaveLength(1);
  expect(readdirSync(entry)).toEqual(['kind']);
});

test('platforms without releases', () => {
  expect(releasePlatform('sunos', 'x64')).toBeNull();
  expect(releasePlatform('linux', 's390x')).toBeNull();
});

test('without a way out the next way is taken at once', async () => {
  machine.program(
    'go',
    `while [ $# -gt 0 ]; do [ "$1" = -o ] && out="$2"; shift; done\nprintf '#!/bin/sh\\necho kind v0.33.0\\n' > "$out"; /bin/chmod 755 "$out"`,
  );
  const tool = await resolveTool('kind', { ...machine.options, strategies: [release, go] });
  expect(tool).toMatchObject({ version: '0.33.0', source: 'go' });
});

describe('at once', () => {
  test('two in one process download once', async () => {
    const { path } = publishKind();
    const both = await Promise.all([resolveTool('kind', options()), resolveTool('kind', options())]);
    expect(both[0].path).toBe(both[1].path);
    expect(server.asked.filter((asked) => asked === path)).toHaveLength(1);
  });

  test('several processes download once, and each gets it', async () => {
    const { path, data } = publishKind();
    // Long enough for the others to come to the lock, most times; that they come later must do no harm either.
    server.files.set(path, (response) => void setTimeout(() => response.end(data), 1500));
    const main = fileURLToPath(new URL('../main.ts', import.meta.url));
    const { env } = options();
    const PATH = [machine.bin, '/usr/bin', '/bin'].join(delimiter);
    const runs = await Promise.all(
      Array.from({ length: 3 }, () =>
        runCommand(process.execPath, [main, 'kind'], { deadlineMs: 40_000, env: { ...env, PATH } }),
      ),
    );
    for (const run of runs) expect(run, run.stderr).toMatchObject({ code: 0 });
    expect(new Set(runs.map((run) => run.stdout)).size).toBe(1);
    expect(server.asked.filter((asked) => asked === path)).toHaveLength(1);
    expect(runs.filter(({ stderr }) => stderr.includes('downloading'))).toHaveLength(1);
    expect(cached()).toHaveLength(1);
  });
});
