import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findSetpriv } from '../../core/bound-command.ts';
import { searchPath } from '../../core/search-path.ts';
import { connectDocker } from './docker.ts';

let root: string;
let env: NodeJS.ProcessEnv;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'meshproof-docker-test-'));
  mkdirSync(join(root, 'bin'));
  env = { PATH: join(root, 'bin'), HOME: root };
});

afterEach(() => rmSync(root, { recursive: true, force: true }));

/** A stand-in for the CLI, which answers as told and keeps a list of how it was called. */
function fakeDocker(cases: string) {
  const file = join(root, 'bin', 'docker');
  writeFileSync(
    file,
    `#!/bin/sh
for argument; do printf '%s ' "$argument"; done >> "$HOME/calls"; echo >> "$HOME/calls"
case "$*" in
${cases}
"version "*) echo 28.2.2 ;;
*) echo "unexpected: $*" >&2; exit 64 ;;
esac
`,
  );
  chmodSync(file, 0o755);
}

const calls = () =>
  readFileSync(join(root, 'calls'), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => line.trim());
const fails = (message: string, code = 1) =>
  `cat >&2 <<'END'\n${message}\nEND\nexit ${code}`.replaceAll('cat ', '/bin/cat ');

describe('connecting', () => {
  it('says that there is no docker', async () => {
    await expect(connectDocker({ env })).rejects.toMatchObject({
      ...{ code: 'DOCKER_ABSENT', exitCode: 4, message: 'there is no docker on PATH' },
      hint: expect.stringContaining('install Docker'),
    });
  });

  it.each([
    ['20', 'Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?'],
    [
      '29',
      'failed to connect to the docker API at unix:///var/run/docker.sock; check if the path is correct and if the daemon is running: dial unix /var/run/docker.sock: connect: no such file or directory',
    ],
    [
      'on Windows',
      'error during connect: this error may indicate that the docker daemon is not running: Get "http://%2F%2F.%2Fpipe%2Fdocker_engine/v1.24/version": open //./pipe/docker_engine: The system cannot find the file specified.',
    ],
  ])('says that no engine answers, in the words of Docker %s', async (_, message) => {
    fakeDocker(`"version "*) ${fails(message)} ;;`);
    await expect(connectDocker({ env })).rejects.toMatchObject({
      code: 'DOCKER_NOT_RUNNING',
      message: `Docker's engine does not answer: ${message}`,
    });
  });

  it.each([
    [
      '20',
      'Got permission denied while trying to connect to the Docker daemon socket at unix:///var/run/docker.sock: Get "http://%2Fvar%2Frun%2Fdocker.sock/v1.24/version": dial unix /var/run/docker.sock: connect: permission denied',
    ],
    ['29', 'permission denied while trying to connect to the docker API at unix:///var/run/docker.sock'],
  ])('says that the user may not use the engine, in the words of Docker %s', async (_, message) => {
    fakeDocker(`"version "*) ${fails(`WARNING: Error loading config file\n${message}`)} ;;`);
    await expect(connectDocker({ env })).rejects.toMatchObject({
      code: 'DOCKER_NO_PERMISSION',
      hint: expect.stringMatching(/join the group that owns \/var\/run\/docker\.sock .*sudo.*DOCKER_HOST/),
    });
  });

  it('passes on what else is wrong', async () => {
    const message = 'Failed to initialize: unable to resolve docker endpoint: context "nope": context not found';
    fakeDocker(`"version "*) ${fails(message)} ;;`);
    await expect(connectDocker({ env })).rejects.toMatchObject({
      code: 'DOCKER_FAILED',
      message: `docker version --format {{.Server.Version}} failed: ${message}`,
    });
  });

  it('is the engine of the user’s DOCKER_HOST', async () => {
    fakeDocker('"version "*) echo "$DOCKER_HOST" ;;');
    expect((await connectDocker({ env: { ...env, DOCKER_HOST: 'unix:///mine' } })).version).toBe('unix:///mine');
  });
});

describe('commands', () => {
  const ID = `sha256:${'1'.repeat(64)}`;
  const DIGEST = `sha256:${'d'.repeat(64)}`;
  const missing = fails('Error response from daemon: No such image: x');
  const image = (pattern: string, digests: string[] = []) =>
    `"image inspect "*" ${pattern}") echo '${ID} ${JSON.stringify(digests)}' ;;`;

  it('tells an image that is not there from an engine that is not', async () => {
    fakeDocker(
      `${image('there:1')}\n"image inspect "*" away:1") ${missing} ;;\n"image inspect "*) ${fails('Cannot connect to the Docker daemon at unix:///x.')} ;;`,
    );
    const docker = await connectDocker({ env });
    expect(await docker.imageId('there:1')).toBe(ID);
    expect(await docker.imageId('away:1')).toBeNull();
    await expect(docker.imageId('other:1')).rejects.toMatchObject({ code: 'DOCKER_NOT_RUNNING' });
  });

  it('pulls through a mirror under the image’s own name, and knows it by its digest', async () => {
    const from = `mirror.test:5000/hub/prom/prometheus:v3@${DIGEST}`;
    const name = `docker.io/prom/prometheus:v3@${DIGEST}`;
    fakeDocker(
      [
        `"pull --quiet ${from}") echo ${from} ;;`,
        `"tag ${from} docker.io/prom/prometheus:v3") ;;`,
        `"image inspect "*"@${DIGEST}") ${missing} ;;`,
        image('docker.io/prom/prometheus:v3', [`mirror.test:5000/hub/prom/prometheus@${DIGEST}`]),
        image('other:1', [`other@sha256:${'e'.repeat(64)}`]),
      ].join('\n'),
    );
    const docker = await connectDocker({ env });
    await docker.pull(name, { mirror: 'mirror.test:5000/hub' });
    expect(await docker.localName(name)).toBe('docker.io/prom/prometheus:v3');
    expect(await docker.imageId(name)).toBe(ID);
    // The same tag, and not what was pinned.
    expect(await docker.localName(`other:1@${DIGEST}`)).toBeNull();
  });

  it('says what the registry said', async () => {
    fakeDocker(`"pull "*) ${fails('Error response from daemon: manifest unknown')} ;;`);
    const docker = await connectDocker({ env });
    await expect(docker.pull('x:1')).rejects.toMatchObject({
      code: 'DOCKER_FAILED',
      message: 'docker pull --quiet x:1 failed: Error response from daemon: manifest unknown',
    });
  });

  it('builds', async () => {
    fakeDocker('"build "*) ;;');
    const docker = await connectDocker({ env });
    const args = { A: '1', B: 'two words' };
    await docker.build({ context: '/c', dockerfile: '/c/D', target: 'service', tag: 't:1', args });
    expect(calls().at(-1)).toBe(
      'build --file /c/D --target service --tag t:1 --build-arg A=1 --build-arg B=two words /c',
    );
  });

  it('copies out of an image, and leaves no container', async () => {
    fakeDocker(
      [
        '"create "*) echo c0ffee ;;',
        `"cp c0ffee:/there "*) echo text > "$3" ;;`,
        `"cp c0ffee:/away "*) ${fails('Error response from daemon: Could not find the file /away in container c0ffee')} ;;`,
        `"cp "*) ${fails('no space left on device')} ;;`,
        '"rm --force --volumes c0ffee") ;;',
      ].join('\n'),
    );
    const docker = await connectDocker({ env });
    expect(await docker.copyFromImage('i', '/there', join(root, 'out'))).toBe(true);
    expect(readFileSync(join(root, 'out'), 'utf8')).toBe('text\n');
    expect(await docker.copyFromImage('i', '/away', join(root, 'none'))).toBe(false);
    expect(existsSync(join(root, 'none'))).toBe(false);
    await expect(docker.copyFromImage('i', '/full', join(root, 'none'))).rejects.toThrow('no space left');
    expect(calls().filter((line) => line.startsWith('rm '))).toHaveLength(3);
  });

  it('are ended by an interruption and by a deadline', async () => {
    fakeDocker('"exec "*) exec /bin/sleep 60 ;;');
    const docker = await connectDocker({ env });
    const stop = new AbortController();
    const execution = docker.exec('c', ['x'], { signal: stop.signal });
    stop.abort(new Error('told to stop'));
    await expect(execution).rejects.toThrow('told to stop');
    await expect(docker.exec('c', ['x'], { deadlineMs: 50 })).rejects.toThrow('it did not end within 0.05 s');
  });
});

/** The real CLI, and a socket that this test's other user may not open. Needs root to become one. */
const [docker] = searchPath('docker', process.env);
const setpriv = findSetpriv();
const cannot = !docker || !setpriv || process.getuid?.() !== 0;

it.skipIf(cannot)('a real socket without permission (needs docker, setpriv, and to be root)', async () => {
  const socket = join(root, 'docker.sock');
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(socket, resolve));
  try {
    chmodSync(root, 0o755);
    chmodSync(socket, 0);
    // The other user may not be able to read where the real one lies.
    copyFileSync(docker!, join(root, 'docker-cli'));
    writeFileSync(
      join(root, 'bin', 'docker'),
      `#!/bin/sh\nexec ${setpriv} --reuid 65534 --regid 65534 --clear-groups ${join(root, 'docker-cli')} "$@"\n`,
      { mode: 0o755 },
    );
    const connecting = connectDocker({ env: { ...env, DOCKER_HOST: `unix://${socket}`, HOME: '/nonexistent' } });
    await expect(connecting).rejects.toMatchObject({
      code: 'DOCKER_NO_PERMISSION',
      hint: expect.stringContaining(`the group that owns ${socket} `),
    });
  } finally {
    await new Promise((resolve) => server.close(resolve));
  }
});

it.skipIf(!docker)('the real CLI and an address where nobody listens (needs docker)', async () => {
  const at = (DOCKER_HOST: string) => connectDocker({ env: { ...process.env, DOCKER_HOST, DOCKER_CONTEXT: '' } });
  await expect(at(`unix://${join(root, 'none.sock')}`)).rejects.toMatchObject({ code: 'DOCKER_NOT_RUNNING' });
  // A port that is free again.
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  await expect(at(`tcp://127.0.0.1:${port}`)).rejects.toMatchObject({ code: 'DOCKER_NOT_RUNNING' });
});
