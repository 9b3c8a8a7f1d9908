import { join } from 'node:path';
import type { AskedPrediction, ScrapeOptions } from '../../bench/scrape/options.ts';
import { EXIT, type ExitCode, HarnessError } from '../../core/errors.ts';
import { findProfile } from '../../mesh/profiles/index.ts';
import { blocksToTerminal } from '../../report/bench/document.ts';
import { predictionReport, scrapeBlocks } from '../../report/bench/scrape.ts';
import { readScrape } from '../../result/bench/read.ts';
import type { ScrapeResult } from '../../result/bench/types.ts';
import { SCRAPE_FILE, writeScrape } from '../../result/bench/write.ts';
import type { Query } from '../../upgrade/types.ts';
import { runBench } from '../bench-run.ts';
import { type CliContext, coloursIn, widthOf } from '../context.ts';
import { usage } from '../prometheus-access.ts';
import type { Reporter } from '../reports.ts';

const SWEEP = { targets: [25, 50, 100, 200], series: [500, 1000], everyMs: [2000, 5000], versions: ['2.20'] };
const SECONDS_PER_POINT = 30;
const ASKED = { edges: 8, intervalMs: 10_000 };

export interface ScrapeArguments {
  pods?: number;
  edges?: number;
  interval?: number;
  rules: string[];
  model?: string;
  targets?: number[];
  series?: number[];
  every?: number[];
  meshVersion?: string[];
  churn: number;
  gzip: boolean;
  duration?: number;
  maxPoints?: number;
  heldOut: boolean;
  memoryCheck: boolean;
  accuracy: boolean;
  families: boolean;
  resume?: string;
  out: string;
  reporter: Reporter[];
  seed: number;
  prometheus?: string;
}

/** `meshproof bench scrape`: what scraping costs, and what it would cost elsewhere. */
export async function benchScrape(args: ScrapeArguments, context: CliContext): Promise<ExitCode> {
  const versions = args.meshVersion ?? SWEEP.versions;
  for (const version of versions) findProfile(version);
  const asked = askedOf(args, versions);
  if (args.model !== undefined) return answer(args.model, asked, context);
  const queries = await queriesOf(args.rules);
  const { scrape } = await import('../../bench/scrape/index.ts');
  return runBench<ScrapeResult>(
    {
      out: args.out,
      resume: args.resume ?? null,
      reporter: args.reporter,
      work: ({ runDir, signal, view }) =>
        scrape({
          ...{ versions, runDir, signal, churn: args.churn, gzip: args.gzip, seed: args.seed },
          targets: args.targets ?? SWEEP.targets,
          series: args.series ?? SWEEP.series,
          intervalsMs: args.every ?? SWEEP.everyMs,
          secondsPerPoint: args.duration === undefined ? SECONDS_PER_POINT : args.duration / 1000,
          heldOut: args.heldOut ? 'auto' : 'none',
          maxPoints: args.maxPoints ?? null,
          memoryCheck: args.memoryCheck,
          predictions: asked,
          accuracy: args.accuracy,
          families: args.families,
          ...(queries.length > 0 && { queries }),
          tools: { prometheus: args.prometheus },
          resume: args.resume ?? null,
          progress: (line) => view.note(line),
        } satisfies ScrapeOptions),
      read: (dir) => readScrape(join(dir, SCRAPE_FILE)),
      write: writeScrape,
      blocks: scrapeBlocks,
      exitCode: (record) => exitCodeOfScrape(record, asked.length > 0),
    },
    context,
  );
}

export function exitCodeOfScrape({ error, model, points, plan }: ScrapeResult, asked: boolean): ExitCode {
  if (error) return error.code === 'INTERRUPTED' ? EXIT.interrupted : EXIT.environment;
  if (points.length < plan.points.length) return EXIT.environment;
  return asked && !model ? EXIT.inconclusive : EXIT.pass;
}

/** What is to be predicted. @throws HarnessError USAGE */
function askedOf({ pods, edges, interval, model }: ScrapeArguments, versions: readonly string[]): AskedPrediction[] {
  if (pods === undefined) {
    if (edges !== undefined || interval !== undefined || model !== undefined) {
      throw usage(
        'what is to be predicted has no number of pods',
        'add --pods; the intervals of the sweep are set by --every',
      );
    }
    return [];
  }
  const intervalMs = interval ?? ASKED.intervalMs;
  return versions.map((version) => ({ pods, edges: edges ?? ASKED.edges, intervalMs, version }));
}

/** The user's own. @throws HarnessError BAD_RULES with all that can't be used */
async function queriesOf(rules: readonly string[]): Promise<Query[]> {
  if (rules.length === 0) return [];
  const { readQueries } = await import('../../upgrade/queries/index.ts');
  const { queries, problems } = await readQueries({ rules, signal: new AbortController().signal });
  if (problems.length === 0) return queries;
  const lines = problems.map(({ place, message, hint }) => `${place}: ${message} (${hint})`);
  throw new HarnessError('BAD_RULES', `rules that can't be read:\n${lines.join('\n')}`, {
    hint: 'mend them, or leave them out of --rules',
    exitCode: EXIT.invalidInput,
  });
}

/** Answers from an earlier sweep, and measures nothing. */
async function answer(dir: string, asked: readonly AskedPrediction[], context: CliContext): Promise<ExitCode> {
  const file = dir.endsWith('.json') ? dir : join(dir, SCRAPE_FILE);
  const { model, machine, points } = await readScrape(file);
  if (!model) {
    throw new HarnessError('NO_MODEL', `${file} has no model: ${points.length} points were too few`, {
      hint: 'go on with that sweep with --resume, or measure more points',
      exitCode: EXIT.invalidInput,
    });
  }
  const { predictFor } = await import('../../bench/scrape/predictions.ts');
  const predictions = predictFor(model, asked, machine, points[0]?.settings.churn ?? 0);
  const { stdout, env } = context;
  stdout.write(
    blocksToTerminal(predictionReport(predictions), { color: coloursIn(stdout, env), width: widthOf(stdout) }),
  );
  return EXIT.pass;
}
