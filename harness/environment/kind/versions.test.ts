import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { withMirror, withoutDigest } from './image-name.ts';
import { parseVersions, readVersions, ref } from './versions.ts';

const TEXT = readFileSync(fileURLToPath(new URL('../../../kind-config/versions.yaml', import.meta.url)), 'utf8');
/** The file as it ships, with one thing changed. */
function changed(from: string | RegExp, to: string): string {
  const text = TEXT.replace(from, to);
  expect(text).not.toBe(TEXT);
  return text;
}
const problems = (text: string): string[] => {
  try {
    parseVersions(text, 'v.yaml');
    return [];
  } catch (error) {
    expect(error).toMatchObject({ code: 'VERSIONS_INVALID', exitCode: 4 });
    return (error as Error).message.split('\n');
  }
};
const lineOf = (text: string, what: string) => text.split('\n').findIndex((line) => line.includes(what)) + 1;

describe('the pinned versions', () => {
  it('are those of the file that ships; every image is of one place and one tag', async () => {
    const versions = await readVersions();
    expect(versions.linkerd.images).toEqual([
      'cr.l5d.io/linkerd/controller:edge-26.8.3',
      'cr.l5d.io/linkerd/proxy:edge-26.8.3',
    ]);
    expect(versions.kind.nodeImages.map((image) => image.kubernetes)).toEqual(['v1.34.11', 'v1.34.4']);
    expect(versions.kind.nodeImages[0]!.name).toMatch(/^docker\.io\/kindest\/node:v1\.34\.11@sha256:[0-9a-f]{64}$/);
    for (const { name, kubernetes } of versions.kind.nodeImages) expect(name).toContain(`:${kubernetes}`);
    for (const image of versions.linkerd.images) expect(image).toContain(versions.linkerd.version);
    expect(versions.gatewayApi.manifest).toContain(`/${versions.gatewayApi.version}/`);
  });

  it('a digest goes behind the tag', () => {
    const digest = `sha256:${'a'.repeat(64)}`;
    expect(ref({ name: 'docker.io/a/b:1', digest })).toBe(`docker.io/a/b:1@${digest}`);
    expect(ref({ name: 'docker.io/a/b:1', digest: null })).toBe('docker.io/a/b:1');
  });

  it.each([
    [
      'apiVersion: meshproof.io/v1',
      'apiVersion: meshproof.io/v2',
      /apiVersion: Invalid input: expected "meshproof.io\/v1"/,
    ],
    ['docker.io/grafana/k6:1.8.1', 'docker.io/grafana/k6', /images.k6.name: must be registry\/path:tag/],
    ['docker.io/grafana/k6:1.8.1', 'grafana/k6:latest', /images.k6.name: must not be `latest`/],
    [
      /k6: {.*}/,
      'k6: { name: "docker.io/grafana/k6:1" }',
      /images.k6.digest: Invalid input: expected string, received undefined/,
    ],
    [/sha256:44e2/, 'sha256:', /kind.nodeImages.0.digest: must be sha256: and 64 hexadecimal digits, or null/],
    [
      'proxyVersion: v2.366.0',
      'proxyVersion: 2.366',
      /linkerd.proxyVersion: Invalid input: expected string, received number/,
    ],
    ['https://github.com/kubernetes-sigs', 'http://github.com/kubernetes-sigs', /gatewayApi.manifest: Invalid URL/],
    ['  version: v1.5.1', '  version: v1.5.1\n  flavour: standard', /gatewayApi: Unrecognized key: "flavour"/],
  ])('%s as %s', (from, to, message) => {
    const [problem, ...others] = problems(changed(from, to));
    expect(problem).toMatch(message);
    expect(others).toEqual([]);
  });

  it('all problems are told, each with its line', () => {
    const text = changed('docker.io/grafana/k6:1.8.1', 'k6').replace('version: v0.33.0', 'version: newest');
    expect(problems(text)).toEqual([
      expect.stringMatching(new RegExp(`^v.yaml:${lineOf(text, 'newest')}: kind.version: must be a version`)),
      expect.stringMatching(new RegExp(`^v.yaml:${lineOf(text, 'k6: {')}: images.k6.name: must be registry`)),
    ]);
  });

  it('a file that is no YAML, or not there', async () => {
    expect(problems('a: [1')[0]).toMatch(/^v.yaml: .* at line 1/);
    await expect(readVersions('/nowhere/versions.yaml')).rejects.toMatchObject({ code: 'VERSIONS_NOT_READABLE' });
  });
});

describe('a mirror takes the registry’s place', () => {
  it.each([
    ['docker.io/prom/prometheus:v3', 'mirror/prom/prometheus:v3'],
    ['prom/prometheus:v3', 'mirror/prom/prometheus:v3'],
    ['docker.io/library/node:24', 'mirror/library/node:24'],
    ['docker.io/node:24', 'mirror/library/node:24'],
    ['node:24', 'mirror/library/node:24'],
    ['cr.l5d.io/linkerd/proxy:edge-26.8.3', 'mirror/linkerd/proxy:edge-26.8.3'],
    ['localhost/a:1', 'mirror/a:1'],
    ['localhost:5000/a:1', 'mirror/a:1'],
    ['a/b@sha256:00', 'mirror/a/b@sha256:00'],
  ])('%s is %s', (name, expected) => {
    expect(withMirror(name, 'mirror')).toBe(expected);
  });

  it('may have a port and a path', () => {
    expect(withMirror('a/b:1', 'registry.test:5000/hub/')).toBe('registry.test:5000/hub/a/b:1');
  });

  it('a name without its digest', () => {
    expect(withoutDigest('a/b:1@sha256:00')).toEqual({ bare: 'a/b:1', digest: 'sha256:00' });
    expect(withoutDigest('a/b:1')).toEqual({ bare: 'a/b:1', digest: null });
  });
});
