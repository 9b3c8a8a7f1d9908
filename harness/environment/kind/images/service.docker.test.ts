import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GenericContainer, type StartedTestContainer, Wait } from 'testcontainers';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Behaviour, ServiceProcessConfig } from '../../../../sim-services/contract.ts';
import { waitFor } from '../../../core/wait.ts';
import type { StepContext } from '../contract.ts';
import type { Docker } from '../docker.ts';
import { baseWithNode, findBase } from './base.ts';
import { bundle } from './bundle.ts';
import { serviceImage } from './own.ts';
import { imageGround, standInContext } from './testing.ts';

const ground = await imageGround();
const reason = 'reason' in ground ? ground.reason : null;
if (reason) console.log(`tests of the services' image are not run: ${reason}`);

const APP = 8080;
const ADMIN = 9901;
const AT_ONCE: Behaviour = {
  latency: { kind: 'constant', ms: 0 },
  errors: [],
  body: { bytes: 3, chunks: 1, overMs: 0 },
};
const CONFIG: ServiceProcessConfig = {
  workloads: [
    {
      ...{ namespace: 'shop', name: 'cart', seed: 1, timeline: [] },
      routes: [
        { ...AT_ONCE, method: null, path: '/items', status: 201, steps: [] },
        { ...AT_ONCE, latency: { kind: 'constant', ms: 1500 }, method: null, path: '/slow', status: 200, steps: [] },
      ],
      pods: [
        {
          ...{ pod: 'cart-0', replica: 0, egress: null, journalDir: '/journal', incarnation: '0' },
          listen: { host: '0.0.0.0', port: APP },
          admin: { host: '0.0.0.0', port: ADMIN },
        },
      ],
    },
  ],
};

describe.skipIf(reason)(`the image of the synthetic services${reason ? ` (not run: ${reason})` : ''}`, () => {
  let docker: Docker;
  let image: string;
  let journal: string;
  let service: StartedTestContainer;
  let context: StepContext & Disposable;
  const url = (port: number, path: string) => `http://${service.getHost()}:${service.getMappedPort(port)}${path}`;
  const truth = async () => (await fetch(url(ADMIN, '/truth'))).text();

  beforeAll(async () => {
    if ('reason' in ground) return;
    docker = ground.docker;
    context = { ...(await standInContext({ baseImage: ground.base })), docker };
    const node = await baseWithNode(await findBase(context), context);
    image = await serviceImage(node, await bundle(['service']), context);
  }, 120_000);
  afterAll(() => context?.[Symbol.dispose]());

  beforeEach(async () => {
    journal = mkdtempSync(join(tmpdir(), 'meshproof-test-journal-'));
    // For the image's user, who is nobody here.
    chmodSync(journal, 0o777);
    service = await new GenericContainer(image)
      .withExposedPorts(APP, ADMIN)
      .withBindMounts([{ source: journal, target: '/journal', mode: 'rw' }])
      .withCopyContentToContainer([{ content: JSON.stringify(CONFIG), target: '/etc/meshproof/service.json' }])
      .withWaitStrategy(Wait.forLogMessage('"ready":true'))
      .withStartupTimeout(30_000)
      .withAutoCleanup(false)
      .withAutoRemove(false)
      .start();
  });
  afterEach(async () => {
    await docker.run(['rm', '--force', '--volumes', service.getId()]);
    rmSync(journal, { recursive: true, force: true });
  });

  test('runs as a user who is not root, answers, and journals what it did', async () => {
    const response = await fetch(url(APP, '/items'), { headers: { 'x-meshproof-caller': 'shop/web' } });
    expect([response.status, (await response.text()).length]).toEqual([201, 3]);
    expect(response.headers.get('x-meshproof-pod')).toBe('cart-0');
    const lines = (await truth()).split('\n').map((line) => line.split(','));
    expect(lines.find(([kind]) => kind === 'H')).toEqual(expect.arrayContaining(['shop%2Fcart', 'cart-0']));
    expect(lines.find(([kind]) => kind === 'S')).toEqual(expect.arrayContaining(['shop%2Fweb', 'GET', '%2Fitems']));
    expect(lines.find(([kind]) => kind === 'E')?.[3]).toBe('201');
    expect(await docker.text(['exec', service.getId(), 'id', '-u'])).toBe('65532\n');
  });

  test('SIGTERM reaches the program, which ends what is in flight and then itself', async () => {
    const slow = fetch(url(APP, '/slow'));
    await waitFor(async () => ((await truth()).includes('%2Fslow') ? true : undefined), {
      ...{ what: 'the request has arrived', deadlineMs: 5000, hint: '' },
    });
    const from = performance.now();
    await service.stop({ timeout: 20_000, remove: false });
    expect(performance.now() - from).toBeLessThan(15_000);
    expect((await slow).status).toBe(200);
    const state = await docker.text(['inspect', '--format', '{{.State.ExitCode}}', service.getId()]);
    expect(state.trim()).toBe('0');
    const [file] = readdirSync(journal);
    const lines = readFileSync(join(journal, file!), 'utf8').trimEnd().split('\n');
    expect(lines.map((line) => line[0])).toEqual(['H', 'S', 'E', 'Z']);
  });
});
