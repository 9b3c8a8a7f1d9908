import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { TOOLS, type ToolName } from './catalogue.ts';
import { pinOf } from './pin.ts';
import { sha256Of } from './strategies/release.ts';

const TOOLS_DIR = fileURLToPath(new URL('../../tools/', import.meta.url));
const VERSIONS = parse(readFileSync(join(TOOLS_DIR, '..', 'kind-config', 'versions.yaml'), 'utf8'));
const version = (name: ToolName) => pinOf(TOOLS[name], TOOLS_DIR).version;

test('the programs, the images and the modules are of the same versions', () => {
  expect(`v${version('kind')}`).toBe(VERSIONS.kind.version);
  expect(VERSIONS.images.prometheus.name).toBe(`docker.io/prom/prometheus:v${version('prometheus')}`);
  expect(VERSIONS.images.k6.name).toBe(`docker.io/grafana/k6:${version('k6')}`);
  expect(version('promtool')).toBe(version('prometheus'));
  expect(version('linkerd')).toBe(VERSIONS.linkerd.version);
});

test('the release files of Linkerd’s CLI are the ones that are pinned', () => {
  for (const [platform, { file }] of Object.entries<{ file: string }>(VERSIONS.linkerd.cli)) {
    const [os, arch] = platform.split('-') as ['linux', 'amd64'];
    expect(TOOLS.linkerd.release.asset(version('linkerd'), { os, arch })?.file).toBe(file);
  }
});

test.each([
  ['k6', 'grafana/k6/releases/download/v1.8.1/k6-v1.8.1-linux-arm64.tar.gz'],
  ['prometheus', 'prometheus/prometheus/releases/download/v3.15.0/prometheus-3.15.0.linux-arm64.tar.gz'],
  ['promtool', 'prometheus/prometheus/releases/download/v3.15.0/prometheus-3.15.0.linux-arm64.tar.gz'],
  ['kind', 'kubernetes-sigs/kind/releases/download/v0.33.0/kind-linux-arm64'],
  ['linkerd', 'linkerd/linkerd2/releases/download/edge-26.8.3/linkerd2-cli-edge-26.8.3-linux-arm64'],
] as const)('the release of %s', (name, place) => {
  const asset = TOOLS[name].release.asset(version(name), { os: 'linux', arch: 'arm64' });
  expect(`${asset?.folder}/${asset?.file}`).toBe(place);
});

test('every module has its sums', () => {
  for (const { go } of Object.values(TOOLS)) {
    if (!go) continue;
    expect(readFileSync(join(TOOLS_DIR, go.dir, 'go.mod'), 'utf8')).toContain(`${go.module} v`);
    expect(existsSync(join(TOOLS_DIR, go.dir, 'go.sum'))).toBe(true);
  }
});

test.each([
  ['kind', 'kind v0.33.0 go1.26.8 linux/amd64', '0.33.0'],
  ['linkerd', 'edge-26.8.3', 'edge-26.8.3'],
  // As Debian builds it.
  ['prometheus', 'prometheus, version 2.42.0+ds (branch: debian/sid, revision: 2.42.0+ds-5+deb12u1)', '2.42.0'],
  ['linkerd', 'stable-2.14.10', 'stable-2.14.10'],
] as const)('%s prints %s', (name, printed, expected) => {
  expect(printed.match(TOOLS[name].printedVersion)?.[1]).toBe(expected);
});

const A = 'a'.repeat(64);
const B = 'b'.repeat(64);
test.each([
  ['a list', `${A}  x\n${B}  file\n`, B],
  ['binary mode, with a folder', `${A} *./file\n`, A],
  ['the sum alone', `${A.toUpperCase()}\n`, A],
  ['of another file', `${A}  file.sig\n`, null],
  ['two sums without names', `${A}\n${B}\n`, null],
  ['a page of a proxy', '<html>please log in</html>', null],
])('a checksum file: %s', (_, text, expected) => {
  expect(sha256Of('file', text)).toBe(expected);
});
