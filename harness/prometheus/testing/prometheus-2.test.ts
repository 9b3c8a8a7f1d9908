import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findPrometheus2 } from './prometheus-2.ts';

let root: string;
let env: NodeJS.ProcessEnv;
const osRelease = () => join(root, 'os-release');
const find = (change: NodeJS.ProcessEnv = {}) =>
  findPrometheus2({ env: { ...env, ...change }, osRelease: osRelease() });

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'meshproof-test-'));
  mkdirSync(join(root, 'bin'));
  writeFileSync(osRelease(), 'ID=debian\n');
  env = { PATH: join(root, 'bin'), HOME: root, XDG_CACHE_HOME: join(root, 'cache') };
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

function program(name: string, body: string): string {
  const path = join(root, 'bin', name);
  writeFileSync(path, `#!/bin/sh\n${body}\n`);
  chmodSync(path, 0o755);
  return path;
}

const prints = (version: string) => `echo 'prometheus, version ${version} (branch: x)'`;

/** A distribution whose package has this program. */
function distribution(version: string): void {
  program('apt-get', `echo "$@" >> ${root}/asked; : > prometheus_1.deb`);
  const script = `#!/bin/sh\n${prints(version)}\n`;
  program(
    'dpkg',
    `/bin/mkdir -p "$3/usr/bin"; /bin/cat > "$3/usr/bin/prometheus" <<'X'\n${script}X\n/bin/chmod 755 "$3/usr/bin/prometheus"`,
  );
}

describe('findPrometheus2', () => {
  it('takes the one that it is told of', async () => {
    const path = program('p', prints('2.55.1'));
    expect(await find({ MESHPROOF_PROMETHEUS_2: path })).toEqual({
      ...{ name: 'prometheus', path, version: '2.55.1', source: 'given' },
    });
  });

  it('refuses one that is no Prometheus 2, whoever asks', async () => {
    const path = program('p', prints('3.1.0'));
    await expect(find({ MESHPROOF_PROMETHEUS_2: path })).rejects.toMatchObject({
      code: 'PROMETHEUS_2_MISSING',
      message: expect.stringContaining('is no Prometheus 2: prometheus, version 3.1.0'),
    });
  });

  it("unpacks the distribution's package into the cache, once", async () => {
    distribution('2.42.0+ds');
    const both = await Promise.all([find(), find()]);
    expect(both[0]).toMatchObject({ version: '2.42.0', source: 'apt-get download' });
    expect(both[1]).toEqual(both[0]);
    expect(readFileSync(join(root, 'asked'), 'utf8')).toBe('download prometheus\n');
    expect(readdirSync(join(root, 'cache', 'meshproof', 'tools'))).toEqual(['prometheus-2-of-the-distribution']);
  });

  it('fetches lists of its own where there are none', async () => {
    distribution('2.42.0');
    program(
      'apt-get',
      `case "$*" in *lists*update) exit 0;; *lists*download*) : > prometheus_1.deb;; *) echo 'E: Unable to locate package' >&2; exit 100;; esac`,
    );
    expect(await find()).toMatchObject({ version: '2.42.0' });
  });

  it('says why there is none', async () => {
    expect(await find()).toEqual({ missing: 'there is no apt-get that could fetch the package' });
    distribution('3.5.0');
    expect(await find()).toEqual({ missing: expect.stringContaining('is no Prometheus 2') });
    rmSync(join(root, 'cache'), { recursive: true });
    program('apt-get', `echo 'E: no such package' >&2; exit 100`);
    expect(await find()).toEqual({
      missing: 'apt-get download prometheus: E: no such package; with new lists: E: no such package',
    });
    expect(readdirSync(join(root, 'cache', 'meshproof', 'tools'))).toEqual([]);
  });

  it('must find one in CI on Debian, and nowhere else', async () => {
    await expect(find({ CI: 'true' })).rejects.toMatchObject({ code: 'PROMETHEUS_2_MISSING' });
    writeFileSync(osRelease(), 'ID=fedora\n');
    expect(await find({ CI: 'true' })).toHaveProperty('missing');
  });
});
