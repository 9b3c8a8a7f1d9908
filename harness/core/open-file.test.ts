import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openFile } from './open-file.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'meshproof-open-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

/** An opener of that name, the only program on PATH. */
function opener(name: string, script: string): NodeJS.ProcessEnv {
  const file = join(dir, name);
  writeFileSync(file, `#!/bin/sh\n${script}\n`);
  chmodSync(file, 0o755);
  return { PATH: dir };
}

describe('openFile', () => {
  it.each([
    ['linux', 'xdg-open'],
    ['darwin', 'open'],
  ] as const)('%s: hands the file to %s, as one argument', async (platform, name) => {
    const env = opener(name, `printf '%s|' "$@" > ${dir}/seen`);
    expect(await openFile('/tmp/a b.html', env, platform)).toBe('');
    expect(readFileSync(join(dir, 'seen'), 'utf8')).toBe('/tmp/a b.html|');
  });

  it('says that there is no opener', async () => {
    expect(await openFile('/tmp/a.html', { PATH: dir }, 'linux')).toBe('there is no xdg-open on PATH');
  });

  it('says how an opener failed', async () => {
    expect(await openFile('/tmp/a.html', opener('xdg-open', 'exit 3'), 'linux')).toBe(
      'xdg-open ended with exit code 3',
    );
  });

  it('says that an opener is no program', async () => {
    const env = opener('xdg-open', '');
    writeFileSync(join(dir, 'xdg-open'), '#!/no/such/shell\n');
    expect(await openFile('/tmp/a.html', env, 'linux')).toMatch(/^xdg-open can't be started: .*ENOENT/);
  });

  it('leaves one that goes on to itself', async () => {
    const env = opener('xdg-open', `until [ -e ${dir}/stop ]; do /bin/sleep 0.1; done; : > ${dir}/ended`);
    expect(await openFile('/tmp/a.html', env, 'linux')).toBe('');
    expect(existsSync(join(dir, 'ended'))).toBe(false);
    writeFileSync(join(dir, 'stop'), '');
    await expect.poll(() => existsSync(join(dir, 'ended')), { timeout: 10_000 }).toBe(true);
  });
});
