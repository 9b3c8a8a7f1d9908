import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { parse } from '../../../prometheus/promql/index.ts';
import { misleadingQueries } from '../../../prometheus/queries.ts';
import { findScenarioFiles, parseScenario } from '../../../scenario/load.ts';
import type { Bench, Ready } from '../types.ts';

/** What users write: queries and scenarios. */
export const PARSERS: readonly Bench[] = [
  { name: 'promql: queries that people use', unit: 'query', setUp: queries },
  { name: 'scenario: those that ship', unit: 'scenario', setUp: scenarios },
];

function queries(): Ready {
  const all = misleadingQueries({ namespace: 'shop', deployment: 'web' }, 60_000).map(({ expr }) => expr);
  return { unitsPerRun: all.length, run: () => all.map((expr) => parse(expr)) };
}

/** Parsed and checked; reading the files is left out. */
async function scenarios(): Promise<Ready> {
  const files = await findScenarioFiles([fileURLToPath(new URL('../../../../scenarios', import.meta.url))]);
  const texts = await Promise.all(files.map(async (file) => ({ file, text: await readFile(file, 'utf8') })));
  return { unitsPerRun: texts.length, run: () => texts.map(({ text, file }) => parseScenario(text, file)) };
}
