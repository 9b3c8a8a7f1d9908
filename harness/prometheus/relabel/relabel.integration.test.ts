import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { stringify } from 'yaml';
import { waitFor } from '../../core/wait.ts';
import { startPrometheus } from '../server.ts';
import { freePort, prometheusBinary } from '../testing/binary.ts';
import { loopback } from '../testing/loopback.ts';
import { parseScrapeJobs } from './config.ts';
import { explainTarget, withJobLabels } from './target.ts';
import { anyLabels, anyRule, ruleAsConfig } from './testing/rules.ts';

const JOBS = 150;

/** Prometheus is told of targets with all kinds of labels, in jobs with all kinds of rules; nothing of it is ever scraped. */
it('relabels as a real Prometheus does, rule by rule', { timeout: 60_000 }, async () => {
  await using stack = new AsyncDisposableStack();
  const dir = await mkdtemp(join(tmpdir(), 'meshproof-test-'));
  stack.defer(() => rm(dir, { recursive: true, force: true }));
  const host = loopback();
  const port = await freePort(host);
  const samples = fc.sample(
    fc.tuple(fc.array(anyRule, { minLength: 1, maxLength: 4 }), fc.array(anyLabels, { minLength: 2, maxLength: 6 })),
    { numRuns: JOBS },
  );
  const config = {
    global: { scrape_interval: '1h30m', scrape_timeout: '1s500ms' },
    scrape_configs: samples.map(([rules, targets], job) => ({
      job_name: `j${job}`,
      relabel_configs: rules.map(ruleAsConfig),
      static_configs: targets.map((labels, index) => ({
        targets: [`10.0.${job}.${index}:80`],
        labels,
      })),
    })),
  };
  const configFile = join(dir, 'prometheus.yml');
  await writeFile(configFile, stringify(config));
  const { client } = stack.use(
    await startPrometheus({
      tool: { path: prometheusBinary() },
      configFile,
      dataDir: join(dir, 'data'),
      listen: { host, port },
      logFile: join(dir, 'prometheus.log'),
    }),
  );
  const jobs = parseScrapeJobs(await client.config());
  expect(jobs).toEqual(parseScrapeJobs(stringify(config)));
  expect(jobs.map((job) => job.relabel)).toEqual(samples.map(([rules]) => rules));
  const wanted = samples.reduce((sum, [, targets]) => sum + targets.length, 0);

  /** Every job has been looked at: discovery of static targets takes all jobs over at once. */
  const known = await waitFor(
    async (seen) => {
      const page = await client.ownPage();
      const syncs = [...page.matchAll(/^prometheus_target_sync_length_seconds_count\{.*\} (\d+)/gm)];
      seen(syncs.length);
      if (syncs.length < JOBS) return undefined;
      const failed = [...page.matchAll(/^prometheus_target_sync_failed_total\{.*\} (\d+)/gm)];
      return { ...(await client.targets()), failed: failed.reduce((all, [, count]) => all + Number(count), 0) };
    },
    { what: 'discovery of all targets', deadlineMs: 30_000, hint: 'see its log' },
  );
  const mine = new Map(jobs.map((job) => [job.name, job]));
  for (const { scrapePool, discoveredLabels, labels, scrapeUrl } of known.active) {
    const explained = explainTarget(mine.get(scrapePool)!, discoveredLabels);
    const about = { rules: mine.get(scrapePool)!.relabel, discoveredLabels };
    expect({ about, labels: explained.outcome === 'kept' && explained.labels }).toEqual({ about, labels });
    // Others have characters in them that a URL shows escaped.
    if (/^https?:\/\/[\w.:]+\/metrics$/.test(scrapeUrl)) expect(explained).toMatchObject({ url: scrapeUrl });
  }
  for (const { scrapePool, discoveredLabels } of known.dropped) {
    const explained = explainTarget(mine.get(scrapePool)!, discoveredLabels);
    const about = { rules: mine.get(scrapePool)!.relabel, discoveredLabels };
    expect({ about, outcome: explained.outcome }).toEqual({ about, outcome: 'dropped' });
  }
  // The other way round, from what they were told of: none is missing, and those that are alike are one.
  const all = samples.flatMap(([, targets], job) =>
    targets.map((labels, index) =>
      explainTarget(jobs[job]!, withJobLabels(jobs[job]!, { __address__: `10.0.${job}.${index}:80`, ...labels })),
    ),
  );
  const kept = all.flatMap((one) => (one.outcome === 'kept' ? [JSON.stringify(Object.entries(one.all).sort())] : []));
  const count = (outcome: string) => all.filter((one) => one.outcome === outcome).length;
  expect(known.failed).toBe(count('invalid'));
  expect(known.dropped.length).toBe(count('dropped'));
  expect(known.active.length).toBe(new Set(kept).size);
  expect(known.active.length).toBeGreaterThan(wanted / 10);
  expect(known.dropped.length).toBeGreaterThan(wanted / 10);
});
