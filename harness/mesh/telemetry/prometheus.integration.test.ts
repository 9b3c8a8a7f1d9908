import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { epochMs } from '../../core/clock.ts';
import { type ParsedSample, parsePage } from '../../core/page-parser.ts';
import { waitFor } from '../../core/wait.ts';
import { startPrometheus } from '../../prometheus/server.ts';
import { freePort, prometheusBinary } from '../../prometheus/testing/binary.ts';
import { loopback } from '../../prometheus/testing/loopback.ts';
import { AdminServer } from '../kubernetes/testing/cluster.ts';
import { PROFILES, type VersionProfile } from '../profiles/index.ts';
import { FROM_CLIENT, PROBE, SCRAPE, Sim, WEB, WEB_POD } from './testing/sim.ts';

/** A page with traffic in all directions, ended in all ways. */
function page(profile: VersionProfile): string {
  const sim = new Sim(profile);
  const exchanges = [FROM_CLIENT, PROBE, SCRAPE].map((target) => sim.telemetry.inboundExchange(target, false, 0));
  exchanges.push(sim.telemetry.outboundRoute(WEB, false, 0), sim.telemetry.outboundEndpoint(WEB, WEB_POD, false, 0));
  for (const [i, exchange] of exchanges.entries()) {
    exchange.dispatch(0);
    if (i > 0) exchange.head(200, 3);
    if (i % 2 === 0) exchange.fail({ response: 'unclassified', proxy: 'unexpected', route: 'UNKNOWN' }, 7);
    else exchange.complete(7);
  }
  sim.telemetry.inboundDstTcp().close('ECONNRESET');
  sim.telemetry.outboundDstTcp(WEB_POD).read(100);
  sim.telemetry.balancerEndpoints(WEB, { ready: 1, pending: 0, added: 1, removed: 0 });
  sim.telemetry.balancerQueued(WEB, 0.00004687);
  sim.telemetry.outboundDetected(WEB, 'http/1', 2.5e-7);
  sim.nowMs = 228_879.677;
  return sim.render();
}

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'meshproof-test-'));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

/** As Prometheus 3 stores it: bounds of buckets as floats, empty labels not at all. */
function stored({ name, labels }: ParsedSample): string {
  const kept = Object.entries(labels).filter(([, value]) => value !== '');
  const pairs = kept.map(([key, value]) => [key, key === 'le' && /^\d+$/.test(value) ? `${value}.0` : value]);
  return JSON.stringify([name, pairs.toSorted()]);
}

it("reads each series of every release's page with its value", async () => {
  const versions = PROFILES.map(({ proxyVersion }) => proxyVersion);
  const pages = PROFILES.map(page);
  await using servers = new AsyncDisposableStack();
  const admins: AdminServer[] = [];
  for (const text of pages) admins.push(servers.use(await AdminServer.start(() => text)));
  const jobs = admins.map((admin, i) => ({
    job_name: versions[i],
    // None is ever late.
    scrape_interval: '3s',
    scrape_timeout: '3s',
    static_configs: [{ targets: [`${admin.ip}:${admin.port}`] }],
  }));
  const configFile = join(dir, 'prometheus.yml');
  await writeFile(configFile, JSON.stringify({ scrape_configs: jobs }));
  const host = loopback();
  const { client } = servers.use(
    await startPrometheus({
      tool: { path: prometheusBinary() },
      configFile,
      dataDir: join(dir, 'data'),
      listen: { host, port: await freePort(host) },
      logFile: join(dir, 'prometheus.log'),
    }),
  );
  await waitFor(
    async (seen) => {
      const up = await client.query('sum(up)', epochMs());
      seen(up);
      return up[0]?.v === versions.length ? true : undefined;
    },
    { what: 'a scrape of all pages', deadlineMs: 20_000, hint: 'see prometheus.log' },
  );

  for (const [i, text] of pages.entries()) {
    const job = versions[i] as string;
    expect((await client.targets()).active.filter((target) => target.lastError !== '')).toEqual([]);
    const { samples } = parsePage(text);
    const own = /^(up|scrape_.*)$/;
    const read = (await client.query(`{job="${job}"}`, epochMs())).filter((s) => !own.test(s.labels.__name__ ?? ''));
    const byKey = new Map(
      read.map(({ labels: { __name__: name = '', job: _job, instance: _instance, ...labels }, v }) => [
        stored({ name, labels, value: v }),
        v,
      ]),
    );
    expect(byKey).toEqual(new Map(samples.map((sample) => [stored(sample), sample.value])));
    expect(byKey.size).toBe(samples.length);
  }
});
