import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { delimiter, dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { runCommand } from '../../core/run-command.ts';
import { TOOLS } from '../catalogue.ts';
import { resolveTool } from '../resolve.ts';
import { standInMachine } from '../testing.ts';
import { go } from './go.ts';
import { release, releasePlatform } from './release.ts';

type Answer = Buffer | string | ((response: ServerResponse) => void);

/** Where the real releases are published, by path. */
let files: Map<string, Answer>;
let asked: string[];
let url: string;
let machine: ReturnType<typeof standInMachine>;
const server = createServer((request, response) => {
  asked.push(request.url!);
  const answer = files.get(request.url!);
  if (answer === undefined) response.writeHead(404).end('Not Found');
  else if (typeof answer === 'function') answer(response);
  else response.end(answer);
});

beforeEach(async () => {
  files = new Map();
  asked = [];
  machine = standInMachine();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterEach(async () => {
  machine[Symbol.dispose]();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

const platform = releasePlatform(process.platform, process.arch)!;
const sha256 = (data: Buffer) => createHash('sha256').update(data).digest('hex');
const program = (text: string) => Buffer.from(`#!/bin/sh\necho '${text}'\n`);

function options(signal?: AbortSignal) {
  // tar, and what it calls to decompress, are this machine's.
  const PATH = [machine.bin, '/usr/bin', '/bin'].join(delimiter);
  const env = { ...machine.options.env, PATH, MESHPROOF_RELEASES: url };
  return { ...machine.options, env, strategies: [release], ...(signal ? { signal } : {}) };
}

const assetOf = (name: keyof typeof TOOLS, version: string) => TOOLS[name].release.asset(version, platform)!;
const place = (asset: { folder: string }, file: string) => `/${asset.folder}/${file}`;
const cached = () => readdirSync(join(machine.root, 'cache', 'meshproof', 'tools'));

function publishKind(data = program('kind v0.33.0 go1.26 linux/amd64'), sum = sha256(data)) {
  const asset = assetOf('kind', '0.33.0');
  files.set(place(asset, asset.file), data);
  files.set(place(asset, asset.checksums), `${sum}  ${asset.file}\n`);
  return asset;
}

/** A release archive as the project makes it: one folder with the program and other files in it. */
async function archive(member: string, data: Buffer): Promise<Buffer> {
  const root = machine.folder('archive');
  mkdirSync(join(root, dirname(member)), { recursive: true });
  writeFileSync(join(root, member), data, { mode: 0o755 });
  writeFileSync(join(root, dirname(member), 'LICENSE'), 'a licence');
  const made = await runCommand('tar', ['-czf', join(root, 'a.tar.gz'), '-C', root, dirname(member)], {
    deadlineMs: 10_000,
  });
  expect(made.code).toBe(0);
  return readFileSync(join(root, 'a.tar.gz'));
}

test('a binary is downloaded, verified and kept', async () => {
  publishKind();
  const tool = await resolveTool('kind', options());
  expect(tool).toMatchObject({ name: 'kind', version: '0.33.0', source: 'release' });
  expect(cached()).toEqual([expect.stringMatching(/^kind-0\.33\.0-[0-9a-f]{12}$/)]);
  expect(readdirSync(dirname(tool.path))).toEqual(['kind']);
});

test.runIf(platform.os === 'linux')('the program alone is taken out of an archive', async () => {
  const asset = assetOf('prometheus', '3.15.0');
  const data = await archive(asset.inArchive!, program('prometheus, version 3.15.0 (branch: HEAD)'));
  files.set(place(asset, asset.file), data);
  const others = `${'0'.repeat(64)}  prometheus-3.15.0.plan9-386.tar.gz\n`;
  files.set(place(asset, asset.checksums), `${others}${sha256(data)}  ${asset.file}\n`);
  const tool = await resolveTool('prometheus', options());
  expect(tool).toMatchObject({ version: '3.15.0', source: 'release' });
  expect(readdirSync(dirname(tool.path))).toEqual(['prometheus']);
});

test('Linkerd’s CLI, which Go can’t build: the sum stands alone in its file', async () => {
  const asset = assetOf('linkerd', 'edge-26.8.3');
  const data = program('edge-26.8.3');
  files.set(place(asset, asset.file), data);
  files.set(place(asset, asset.checksums), sha256(data));
  expect(await resolveTool('linkerd', options())).toMatchObject({ version: 'edge-26.8.3', source: 'release' });
});

test('a pinned sum that the published one is not', async () => {
  const asset = assetOf('linkerd', 'edge-26.8.3');
  const data = program('edge-26.8.3');
  files.set(place(asset, asset.file), data);
  files.set(place(asset, asset.checksums), sha256(data));
  const pin = 'f'.repeat(64);
  writeFileSync(
    join(machine.root, 'kind-config', 'versions.yaml'),
    `linkerd: { version: edge-26.8.3, cli: { any: { file: ${asset.file}, sha256: ${pin} } } }\n`,
  );
  await expect(resolveTool('linkerd', options())).rejects.toThrow(
    `release: ${asset.file}: its published sha256 ${sha256(data)} is not the pinned ${pin}`,
  );
  expect(asked).toEqual([place(asset, asset.checksums)]);
});

test('what has another sum than the published one is refused, and nothing of it is left', async () => {
  const data = program('kind v0.33.0');
  const asset = publishKind(data, 'a'.repeat(64));
  await expect(resolveTool('kind', options())).rejects.toThrow(
    `release: ${asset.file}: its sha256 is ${sha256(data)}, and ${'a'.repeat(64)} is published`,
  );
  expect(cached()).toEqual([]);
});

test('a download that is cut off is refused, and nothing of it is left', async () => {
  const asset = publishKind();
  files.set(place(asset, asset.file), (response) => {
    response.writeHead(200, { 'content-length': 1000 });
    response.write('half', () => response.destroy());
  });
  await expect(resolveTool('kind', options())).rejects.toThrow(new RegExp(`release: ${url}.*${asset.file}: \\S+`));
  expect(cached()).toEqual([]);
});

test('a release that is not published, or not for this platform', async () => {
  await expect(resolveTool('kind', options())).rejects.toThrow(/release: http.*sha256sum: status 404/);
  const asset = publishKind();
  files.set(place(asset, asset.checksums), `${'a'.repeat(64)}  kind-plan9-386\n`);
  await expect(resolveTool('kind', options())).rejects.toThrow(`has no sha256 of ${asset.file}`);
  expect(releasePlatform('sunos', 'x64')).toBeNull();
  expect(releasePlatform('linux', 's390x')).toBeNull();
});

test('an archive without the program', async () => {
  const asset = assetOf('prometheus', '3.15.0');
  const data = await archive('other/prometheus', program('x'));
  files.set(place(asset, asset.file), data);
  files.set(place(asset, asset.checksums), `${sha256(data)}  ${asset.file}\n`);
  await expect(resolveTool('prometheus', options())).rejects.toThrow("release: tar can't unpack it: ");
  expect(cached()).toEqual([]);
});

test('without a way out the next way is taken at once', async () => {
  machine.program(
    'go',
    `while [ $# -gt 0 ]; do [ "$1" = -o ] && out="$2"; shift; done\nprintf '#!/bin/sh\\necho kind v0.33.0\\n' > "$out"; /bin/chmod 755 "$out"`,
  );
  const tool = await resolveTool('kind', { ...machine.options, strategies: [release, go] });
  expect(tool).toMatchObject({ version: '0.33.0', source: 'go' });
});

test('an interruption ends the download', async () => {
  const asset = publishKind();
  const stop = new AbortController();
  files.set(place(asset, asset.file), (response) => {
    response.write('half', () => stop.abort(new Error('told to stop')));
  });
  await expect(resolveTool('kind', options(stop.signal))).rejects.toThrow('told to stop');
  expect(cached()).toEqual([]);
});

test('two at once download once', async () => {
  const asset = publishKind();
  const both = await Promise.all([resolveTool('kind', options()), resolveTool('kind', options())]);
  expect(both[0].path).toBe(both[1].path);
  expect(asked.filter((path) => path === place(asset, asset.file))).toHaveLength(1);
});
