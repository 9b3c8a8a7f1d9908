import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { waitFor } from '../core/wait.ts';
import { LIFECYCLE_ARG, type PrometheusOptions, startPrometheus } from './server.ts';
import { freePort, prometheusBinary } from './testing/binary.ts';
import { loopback } from './testing/loopback.ts';

const host = loopback();
let dir: string;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'meshproof-test-'));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

async function options(config = 'scrape_configs: []\n'): Promise<PrometheusOptions> {
  const configFile = join(dir, 'prometheus.yml');
  await writeFile(configFile, config);
  return {
    tool: { path: prometheusBinary() },
    configFile,
    dataDir: join(dir, 'data'),
    listen: { host, port: await freePort(host) },
    logFile: join(dir, 'prometheus.log'),
  };
}

describe('startPrometheus', () => {
  it('serves until it is stopped, and says so when it dies in between', async () => {
    await using prometheus = await startPrometheus(await options());
    expect(await prometheus.client.ready()).toBe(true);
    prometheus.check();
    await prometheus.child.stop(0, 'SIGKILL');
    expect(() => prometheus.check()).toThrow('prometheus: it ended: killed by SIGKILL');
  });

  it('is content when it was asked to end', async () => {
    const prometheus = await startPrometheus(await options());
    await prometheus.stop();
    expect(prometheus.child.exit).not.toBeNull();
    prometheus.check();
  });

  it('shows the end of the log when it does not start', async () => {
    await expect(startPrometheus(await options('nonsense: 1\n'))).rejects.toMatchObject({
      code: 'CHILD_DIED',
      message: expect.stringContaining('field nonsense not found'),
    });
  });

  it('says that the program is missing', async () => {
    const missing = { ...(await options()), tool: { path: join(dir, 'no-such-program') } };
    await expect(startPrometheus(missing)).rejects.toMatchObject({
      code: 'CHILD_DIED',
      message: expect.stringContaining('ENOENT'),
    });
  });

  it('takes over its configuration anew when it was started for that, and says what is wrong with it', async () => {
    const given = await options();
    await using server = await startPrometheus({ ...given, args: [LIFECYCLE_ARG] });
    const jobs = async () => [...new Set((await server.client.targets()).active.map(({ scrapePool }) => scrapePool))];
    await writeFile(
      given.configFile,
      'scrape_configs: [{ job_name: b, static_configs: [{ targets: ["127.0.0.1:1"] }] }]\n',
    );
    await server.reload();
    await waitFor(async () => ((await jobs()).join() === 'b' ? true : undefined), {
      ...{ what: 'the new job', deadlineMs: 10_000, hint: '' },
    });
    await writeFile(given.configFile, 'scrape_configs: 7\n');
    await expect(server.reload()).rejects.toMatchObject({ code: 'PROMETHEUS_RELOAD' });
    await using other = await startPrometheus({ ...(await options()), dataDir: join(dir, 'other') });
    await expect(other.reload()).rejects.toMatchObject({ message: expect.stringContaining('403') });
  });

  it('does not take another server on its port for its own', async () => {
    const wanted = await options();
    const other: Server = createServer().listen(wanted.listen.port, host);
    await once(other, 'listening');
    await expect(startPrometheus(wanted)).rejects.toMatchObject({
      code: 'PORT_TAKEN',
      message: expect.stringContaining(`${host}:${wanted.listen.port}`),
    });
    other.close();
  });

  it('leaves nothing running when it is interrupted', async () => {
    const abort = new AbortController();
    const starting = startPrometheus({ ...(await options()), signal: abort.signal });
    abort.abort(new Error('interrupted'));
    await expect(starting).rejects.toThrow('interrupted');
  });
});
