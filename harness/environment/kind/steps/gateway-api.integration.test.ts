import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readDefinitions } from '../linkerd/gateway-api/definitions.ts';
import { stepContext } from '../linkerd/testing/context.ts';
import { FakeKube } from '../linkerd/testing/fake-kube.ts';
import { definition, manifest } from '../linkerd/testing/manifest.ts';
import { readVersions } from '../versions.ts';
import { installGatewayApi, tryGatewayApi } from './gateway-api.ts';

const MANIFEST = manifest([definition('httproutes'), definition('gateways'), definition('tlsroutes')]);
const DIGEST = readDefinitions(MANIFEST).digest;
const PIN = { version: 'v1.5.1', manifest: 'https://release/standard-install.yaml', sha256: DIGEST as string | null };
const APPLIED = ['gateways', 'tlsroutes', 'httproutes'].map(
  (plural) => `apply CustomResourceDefinition/${plural}.gateway.networking.k8s.io`,
);

/** A machine without network and without Go, until it is given them. */
function setUp() {
  const root = mkdtempSync(join(tmpdir(), 'meshproof-gateway-'));
  const file = (name: string, text: string) => {
    const path = join(root, name);
    writeFileSync(path, text);
    return path;
  };
  const asked: string[] = [];
  const at = {
    kube: new FakeKube(),
    env: { XDG_CACHE_HOME: join(root, 'cache'), PATH: join(root, 'bin') } as NodeJS.ProcessEnv,
    /** Answer of the release's server; null: it is not reached. */
    answer: null as { status: number; text: string } | null,
    asked,
    file,
    cached: join(root, 'cache', 'meshproof', 'gateway-api', 'v1.5.1.json'),
    /** Puts a `go` on PATH that answers as `go mod download -json` does. */
    withGo(body: string, files: Record<string, string> = {}) {
      const standard = join(root, 'module', 'config', 'crd', 'standard');
      for (const dir of [standard, join(root, 'bin')]) mkdirSync(dir, { recursive: true });
      for (const [name, text] of Object.entries(files)) writeFileSync(join(standard, name), text);
      const script = file('bin/go', `#!/bin/sh\necho "$*" >> ${root}/go.args\n${body.replaceAll('ROOT', root)}\n`);
      chmodSync(script, 0o755);
      at.env.PATH = [join(root, 'bin'), '/usr/bin', '/bin'].join(delimiter);
    },
    goCalls: () => readFileSync(join(root, 'go.args'), 'utf8').trim().split('\n'),
    async install(pin = PIN, how = installGatewayApi) {
      const told = stepContext({ gatewayApi: pin });
      const fetch = async (url: string) => {
        asked.push(url);
        if (!at.answer) throw new TypeError('fetch failed', { cause: new Error('getaddrinfo ENOTFOUND release') });
        return new Response(at.answer.text, { status: at.answer.status });
      };
      await how(at.kube, told.context, { env: at.env, fetch: fetch as typeof globalThis.fetch });
      return told.notes;
    },
    [Symbol.dispose]: () => rmSync(root, { recursive: true, force: true }),
  };
  return at;
}

describe('installGatewayApi', () => {
  it("applies the release's definitions, the one it looks for at the end, and says where they are from", async () => {
    using at = setUp();
    at.answer = { status: 200, text: MANIFEST };
    expect(await at.install()).toEqual([
      `Gateway API v1.5.1: from ${PIN.manifest} (sha256 of the definitions: ${DIGEST})`,
    ]);
    expect(at.kube.log).toEqual(APPLIED);
  });

  it('asks nobody and applies nothing when the cluster has them', async () => {
    using at = setUp();
    at.answer = { status: 200, text: MANIFEST };
    await at.install();
    at.kube.log.length = 0;
    rmSync(at.cached);
    expect(await at.install()).toEqual([]);
    expect(at.kube.log).toEqual([]);
    expect(at.asked).toHaveLength(1);
  });

  it('applies them when the cluster has another version', async () => {
    using at = setUp();
    await at.kube.apply([definition('httproutes', 'v1.4.0')], { labels: {} });
    at.kube.log.length = 0;
    at.answer = { status: 200, text: MANIFEST };
    await at.install();
    expect(at.kube.log).toEqual(APPLIED);
  });

  it('takes them from the cache the next time', async () => {
    using at = setUp();
    at.answer = { status: 200, text: MANIFEST };
    await at.install();
    at.kube = new FakeKube();
    at.answer = null;
    expect(await at.install()).toEqual([expect.stringContaining(`from ${at.cached} `)]);
    expect(at.kube.log).toEqual(APPLIED);
  });

  it('passes by a cache that was changed', async () => {
    using at = setUp();
    at.answer = { status: 200, text: MANIFEST };
    await at.install();
    writeFileSync(at.cached, readFileSync(at.cached, 'utf8').replace('Namespaced', 'Cluster'));
    at.kube = new FakeKube();
    expect(await at.install({ ...PIN, sha256: null })).toEqual([expect.stringContaining(`from ${PIN.manifest} `)]);
  });

  it('works where nothing can be cached', async () => {
    using at = setUp();
    at.env.XDG_CACHE_HOME = at.file('a-file', '');
    at.answer = { status: 200, text: MANIFEST };
    await at.install();
    expect(at.kube.log).toEqual(APPLIED);
  });

  it("takes the files of the release's Go module where its server is not reached", async () => {
    using at = setUp();
    const files = { 'a.yaml': MANIFEST, 'kustomization.txt': 'a: [' };
    at.withGo(`echo '{"Dir": "ROOT/module"}'`, files);
    expect(await at.install()).toEqual([expect.stringContaining('from Go module sigs.k8s.io/gateway-api@v1.5.1 ')]);
    expect(at.goCalls()).toEqual(['mod download -json sigs.k8s.io/gateway-api@v1.5.1']);
  });

  it('passes by what is not what is pinned, and takes the next', async () => {
    using at = setUp();
    at.answer = { status: 200, text: manifest([definition('httproutes')]) };
    at.withGo(`echo '{"Dir": "ROOT/module"}'`, { 'a.yaml': MANIFEST });
    expect(await at.install()).toEqual([expect.stringContaining('from Go module')]);
  });

  it('says of every source what is wrong with it', async () => {
    using at = setUp();
    at.answer = { status: 200, text: manifest([definition('httproutes')]) };
    at.withGo(`echo '{"Error": "no such version"}'; exit 1`);
    await expect(at.install()).rejects.toMatchObject({
      code: 'GATEWAY_API_MISSING',
      message: expect.stringMatching(
        /v1\.5\.1\.json: ENOENT.*\n {2}https:\/\/release\S*: its definitions have the digest [0-9a-f]{64}, pinned is [0-9a-f]{64}\n {2}Go module \S+: no such version$/,
      ),
      hint: expect.stringContaining('MESHPROOF_GATEWAY_API'),
    });
    expect(at.kube.log).toEqual([]);
  });

  it.each([
    [null, /release\S*: getaddrinfo ENOTFOUND release\n.*there is no go on PATH/],
    [{ status: 404, text: 'none' }, /release\S*: status 404\n/],
    [{ status: 200, text: '<html>' }, /release\S*: it does not define httproutes/],
    [{ status: 200, text: manifest([definition('httproutes', 'v1.4.0')]) }, /release\S*: it is of version v1\.4\.0/],
  ])('says what is wrong with the answer %j', async (answer, message) => {
    using at = setUp();
    at.answer = answer;
    await expect(at.install()).rejects.toMatchObject({
      code: 'GATEWAY_API_MISSING',
      message: expect.stringMatching(message),
    });
  });

  it('takes the manifest that the user names, of whatever version, and asks nobody', async () => {
    using at = setUp();
    at.env.MESHPROOF_GATEWAY_API = at.file('mine.yaml', manifest([definition('httproutes', 'v1.4.0')]));
    at.answer = { status: 200, text: MANIFEST };
    expect(await at.install()).toEqual([expect.stringMatching(/^Gateway API v1\.4\.0: from \S+mine\.yaml /)]);
    expect(await at.install()).toEqual([]);
    expect(at.asked).toEqual([]);
  });

  it('looks nowhere else when what the user names is no good', async () => {
    using at = setUp();
    at.env.MESHPROOF_GATEWAY_API = '/not/there.yaml';
    at.answer = { status: 200, text: MANIFEST };
    await expect(at.install()).rejects.toMatchObject({
      code: 'GATEWAY_API_MISSING',
      message: expect.stringMatching(/^MESHPROOF_GATEWAY_API=\/not\/there\.yaml: ENOENT/),
    });
  });

  it('is pinned by digest', async () => {
    expect((await readVersions()).gatewayApi.sha256).toMatch(/^[0-9a-f]{64}$/);
  });
});

describe('tryGatewayApi', () => {
  it('installs them where they can be had', async () => {
    using at = setUp();
    at.answer = { status: 200, text: MANIFEST };
    await at.install(PIN, tryGatewayApi);
    expect(at.kube.log).toEqual(APPLIED);
  });

  it('does without, and says what that means', async () => {
    using at = setUp();
    const notes = await at.install(PIN, tryGatewayApi);
    expect(notes).toEqual([expect.stringContaining('HTTPRoutes or GRPCRoutes are refused')]);
    expect(at.kube.log).toEqual([]);
  });
});
