import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { cli } from './testing/spawn.ts';

/** A machine on which Docker is missing or must not be used, as whoever runs meshproof meets it. */
let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'meshproof-docker-faults-'));
  mkdirSync(join(dir, 'bin'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

function run(env: Record<string, string> = {}) {
  const args = ['run', 'scenarios/baseline.yaml', '--environment', 'kind', '--out', join(dir, 'out')];
  return cli(args, { env: { PATH: join(dir, 'bin'), HOME: dir, XDG_RUNTIME_DIR: dir, ...env } });
}

/** Two lines in all, and no trace of the run. */
function expectRefused(ended: Awaited<ReturnType<typeof run>>, line: RegExp, hint: RegExp): void {
  const lines = ended.stderr.trimEnd().split('\n').slice(-2);
  expect(lines[0]).toMatch(line);
  expect(lines[1]).toMatch(hint);
  expect(ended.stderr).not.toMatch(/INTERNAL|^\s+at /m);
  expect(ended.stdout).toBe('');
  expect(ended.code).toBe(4);
  expect(readdirSync(join(dir, 'out'))).toEqual([]);
  expect(readdirSync(join(dir, 'meshproof', 'runs'))).toEqual([]);
}

/** A docker that says this whenever it is asked, as the CLI does without an engine. */
function dockerThatSays(text: string): void {
  writeFileSync(join(dir, 'bin', 'docker'), `#!/bin/sh\ncat >&2 <<'END'\n${text}\nEND\nexit 1\n`, { mode: 0o755 });
}
const SYSTEM = { PATH: '/usr/bin:/bin' };

it('no docker on PATH: DOCKER_ABSENT', async () => {
  expectRefused(
    await run(),
    /^error DOCKER_ABSENT: there is no docker on PATH$/,
    /^ {2}hint: install Docker \(https:\/\/docs\.docker\.com\S+\); the environment `local` needs none$/,
  );
});

describe('an engine that does not serve us', () => {
  const withBin = () => ({ PATH: `${join(dir, 'bin')}:${SYSTEM.PATH}` });

  it('whose socket this user may not open: DOCKER_NO_PERMISSION', async () => {
    dockerThatSays(
      'permission denied while trying to connect to the Docker daemon socket at unix:///var/run/docker.sock: Get "http://%2Fvar%2Frun%2Fdocker.sock/v1.47/version": dial unix /var/run/docker.sock: connect: permission denied',
    );
    expectRefused(
      await run(withBin()),
      /^error DOCKER_NO_PERMISSION: Docker's engine may not be used by this user: permission denied .*docker\.sock/,
      /^ {2}hint: join the group that owns \/var\/run\/docker\.sock \(sudo usermod -aG docker "\$USER"/,
    );
  });

  it('that is not running: DOCKER_NOT_RUNNING', async () => {
    dockerThatSays('Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?');
    expectRefused(
      await run(withBin()),
      /^error DOCKER_NOT_RUNNING: Docker's engine does not answer: Cannot connect to the Docker daemon/,
      /^ {2}hint: start it \(sudo systemctl start docker/,
    );
  });
});

it('`clean` says that a cluster is left when Docker is missing, and finds it the next time', async () => {
  const runs = join(dir, 'meshproof', 'runs');
  mkdirSync(runs, { recursive: true, mode: 0o700 });
  const dead = { pid: 2 ** 22 + 1, pidStart: 'never', startedAt: new Date(0).toISOString(), children: [], dirs: [] };
  writeFileSync(join(runs, 'dead.json'), JSON.stringify({ ...dead, runId: 'dead', clusters: ['meshproof-dead'] }));
  const env = { PATH: join(dir, 'bin'), HOME: dir, XDG_RUNTIME_DIR: dir };
  const cleaned = await cli(['clean'], { env });
  expect(cleaned.stdout).toBe(
    'cleaned run dead: 0 processes, 0 folders\n  the cluster meshproof-dead is left: there is no docker on PATH\n',
  );
  expect(cleaned.code).toBe(0);
  expect(readdirSync(runs)).toEqual(['dead.json']);
});
