import { type Command, Option } from 'commander';
import type { CliContext } from '../context.ts';
import { CAPACITY_EXAMPLES, SCRAPE_EXAMPLES } from '../help-texts.ts';
import {
  benchReporterOption,
  clusterOptions,
  collected,
  duration,
  durations,
  environmentOption,
  integer,
  integers,
  meshOption,
  rate,
  ratio,
  words,
} from '../options.ts';
import type { Done } from './done.ts';

/** `meshproof bench capacity` and `meshproof bench scrape`, and their options. */
export function declareBench(program: Command, context: CliContext, done: Done): void {
  const bench = program
    .command('bench')
    .description('measure how much a mesh carries, and what scraping it costs')
    .helpOption('-h, --help', 'print this');
  declareCapacity(bench, context, done);
  declareScrape(bench, context, done);
}

function declareCapacity(bench: Command, context: CliContext, done: Done): void {
  clusterOptions(
    bench
      .command('capacity')
      .description('find the largest arrival rate that a mesh sustains within objectives, and the price of the mesh')
      .argument('[path]', 'scenario file (default: baseline.yaml of those that ship)')
      .option('--p50 <duration>', 'objective: the median latency', duration)
      .option('--p95 <duration>', 'objective: the 95th percentile of latency', duration)
      .option(
        '--p99 <duration>',
        'objective: the 99th percentile of latency (default: 500ms if there is no other)',
        duration,
      )
      .option('--success-rate <pct>', 'objective: answered, below 500', ratio, 0.99)
      .option('--of <service>', 'traffic to this service alone (default: all of the scenario, in its proportions)')
      .addOption(
        new Option('--side <name>', 'with the mesh, without it, or both side by side')
          .choices(['meshed', 'unmeshed', 'both'])
          .default('both'),
      )
      .option('--at-least <rate>', 'fail when the mesh carries less, as in 200/s', rate)
      .option('--start-rate <rate>', 'where the search begins (default: the rate of the scenario)', rate)
      .option('--min-rate <rate>', 'the search goes no lower', rate)
      .option('--max-rate <rate>', 'the search goes no higher', rate)
      .option('--measure <duration>', 'how long each point is measured (default: 10s)', duration)
      .option('--warmup <duration>', 'load before anything counts (default: 5s)', duration)
      .option('--precision <pct>', 'half-width of the interval that is wanted (default: 5%)', ratio)
      .option('--max-points <n>', 'points of the search, a side (default: 30)', integer(2, 1000))
      .option('--no-curve', 'leave out the points for the curve and for the price')
      .option('--resume <dir>', 'go on with a benchmark that was interrupted, in its folder')
      .addOption(environmentOption())
      .option('--out <dir>', 'where results go', 'results')
      .addOption(benchReporterOption())
      .option('--seed <n>', 'instead of the seed in the scenario', integer(0, 2 ** 32 - 1))
      .option('--k6 <path>', 'the k6 to use (default: it is looked for)')
      .option('--prometheus <path>', 'the Prometheus to use (default: it is looked for)')
      .option('--kind <path>', 'the kind to use (default: it is looked for)')
      .option('--linkerd <path>', 'the linkerd CLI to use (default: it is looked for)')
      .optionsGroup('Options of --environment kind:')
      .addOption(meshOption()),
  )
    .option('--meshed-prometheus', 'give Prometheus a sidecar')
    .addHelpText('after', CAPACITY_EXAMPLES)
    .action(async (path, options) => {
      const { benchCapacity } = await import('../commands/bench-capacity.ts');
      done(await benchCapacity(path, options, context));
    });
}

function declareScrape(bench: Command, context: CliContext, done: Done): void {
  bench
    .command('scrape')
    .description('measure what scraping a mesh costs Prometheus, and what each interval buys; predict it for yours')
    .optionsGroup('Your mesh:')
    .option('--pods <n>', 'predict for so many pods', integer(1, 10_000_000))
    .option('--edges <n>', 'others that each pod calls or is called by (default: 8)', integer(1, 10_000))
    .option('--interval <duration>', 'how often Prometheus scrapes them (default: 10s)', duration)
    .option('--rules <path>', 'file or folder of rules whose metrics you need; may be repeated', collected, [])
    .option('--model <dir>', 'answer from the sweep of an earlier benchmark; measure nothing')
    .optionsGroup('The sweep, every combination of:')
    .option('--targets <list>', 'proxies (default: 25,50,100,200)', integers(1, 100_000))
    .option('--series <list>', 'series of each page (default: 500,1000)', integers(100, 100_000))
    .option('--every <list>', 'scrape intervals (default: 2s,5s)', durations)
    .option('--mesh-version <list>', 'versions of Linkerd (default: 2.20)', words)
    .option('--churn <pct>', 'pods that are replaced each minute', ratio, 0)
    .option('--no-gzip', 'proxies send their pages as they are')
    .option('--duration <duration>', 'how long each point is measured (default: 30s)', duration)
    .option('--max-points <n>', 'at most so many points, spread over the sweep', integer(1, 10_000))
    .option('--no-held-out', 'fit the model to all points; nothing is left to test it by')
    .option('--no-memory-check', 'try a sweep that seems to need more memory than there is')
    .option('--no-accuracy', 'leave out what the interval buys')
    .option('--no-families', 'leave out what each metric family costs')
    .option('--resume <dir>', 'go on with a sweep that was interrupted, in its folder')
    .optionsGroup('Options:')
    .option('--out <dir>', 'where results go', 'results')
    .addOption(benchReporterOption())
    .option('--seed <n>', 'everything random comes from it', integer(0, 2 ** 32 - 1), 1)
    .option('--prometheus <path>', 'the Prometheus to use (default: it is looked for)')
    .addHelpText('after', SCRAPE_EXAMPLES)
    .action(async (options) => {
      const { benchScrape } = await import('../commands/bench-scrape.ts');
      done(await benchScrape(options, context));
    });
}
