import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { z } from 'zod';
import { fieldTable, README_FILE } from '../publish.ts';
import { arbitraryCapacity, arbitraryMicro, arbitraryScrape } from '../testing/arbitrary-of.ts';
import { sampleCapacity, sampleScrape } from '../testing/bench-sample.ts';
import { sampleMicro } from '../testing/micro-sample.ts';
import { sampleUpgrade } from '../testing/upgrade-sample.ts';
import { benchSchemas, readmeWithBenches } from './publish.ts';
import { readCapacity, readMicro, readScrape } from './read.ts';
import { capacitySchema } from './schema-capacity.ts';
import { microSchema } from './schema-micro.ts';
import { scrapeSchema } from './schema-scrape.ts';
import type { CapacityResult } from './types.ts';
import { benchText, writeCapacity, writeMicro, writeScrape } from './write.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'meshproof-bench-test-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

/** A capacity of which nothing is known upwards. */
function openEnded(): CapacityResult {
  const result = sampleCapacity();
  result.sides[0]!.capacity = { value: 80, low: 78, high: Number.POSITIVE_INFINITY, level: 0.95 };
  return result;
}

describe('the records of benchmarks', () => {
  it('are read as they were written, open ends of intervals included', async () => {
    const capacity = await writeCapacity(dir, openEnded());
    expect(capacity).toBe(join(dir, 'capacity.json'));
    expect(await readCapacity(capacity)).toEqual(openEnded());
    const scrape = await writeScrape(dir, sampleScrape());
    expect(await readScrape(scrape)).toEqual(sampleScrape());
    const micro = await writeMicro(join(dir, 'micro.json'), sampleMicro());
    expect(await readMicro(micro)).toEqual(sampleMicro());
    expect(readdirSync(dir).sort()).toEqual(['capacity.json', 'micro.json', 'scrape.json']);
  });

  it.each<[string, fc.Arbitrary<Parameters<typeof benchText>[0]>, z.ZodType]>([
    ['capacity', arbitraryCapacity, capacitySchema],
    ['scrape', arbitraryScrape, scrapeSchema],
    ['micro', arbitraryMicro, microSchema],
  ])('keep whatever there can be: %s', (_, arbitrary, schema) => {
    fc.assert(
      fc.property(arbitrary, (record) => {
        expect(schema.parse(JSON.parse(benchText(record)))).toEqual(record);
      }),
      { numRuns: 50 },
    );
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY])('are not written with %s for a number', async (value) => {
    const wrong = { ...sampleMicro(), machine: { ...sampleMicro().machine, cores: value } };
    const refused = { code: 'RECORD_NOT_A_NUMBER', message: `MicroResult: cores is ${value}` };
    await expect(writeMicro(join(dir, 'micro.json'), wrong)).rejects.toMatchObject(refused);
    expect(readdirSync(dir)).toEqual([]);
  });

  it('are not written with an interval that ends before it begins to', () => {
    const wrong = openEnded();
    wrong.sides[0]!.capacity!.low = Number.POSITIVE_INFINITY;
    expect(() => benchText(wrong)).toThrow(/low is Infinity/);
  });

  it.each<[string, string, RegExp]>([
    ['nothing', 'null', /capacity\.json is not a CapacityResult:\n {2}\(top\)/],
    ['cut off', benchText(sampleCapacity()).slice(0, 300), /is not JSON/],
    ['of another kind', JSON.stringify(sampleUpgrade()), /is a UpgradeResult, not a CapacityResult/],
    ['of a newer version', '{"apiVersion":"meshproof/v2"}', /apiVersion "meshproof\/v2"; this meshproof reads/],
    ['with an unknown field', JSON.stringify({ ...sampleCapacity(), extra: 1 }), /extra/],
    ['without a price', JSON.stringify({ ...sampleCapacity(), price: undefined }), /price/],
    [
      'with a word for a number',
      benchText(sampleCapacity()).replace('"offeredPerSecond": 50', '"offeredPerSecond": "50"'),
      /sides\[0\]\.points\[0\]\.offeredPerSecond: .*number/,
    ],
  ])('are not read when %s', async (_, text, message) => {
    const file = join(dir, 'capacity.json');
    writeFileSync(file, text);
    await expect(readCapacity(file)).rejects.toMatchObject({
      code: 'RESULT_INVALID',
      exitCode: 2,
      message: expect.stringMatching(message),
    });
  });

  it('name what may have written an unknown field', async () => {
    const file = join(dir, 'scrape.json');
    writeFileSync(file, JSON.stringify({ ...sampleScrape(), extra: 1 }));
    await expect(readScrape(file)).rejects.toMatchObject({ hint: expect.stringContaining('a newer meshproof') });
  });

  it('are said to be missing where there are none', async () => {
    await expect(readScrape(join(dir, 'none'))).rejects.toMatchObject({ code: 'RESULT_NOT_READABLE', exitCode: 2 });
  });
});

describe('what is published of them', () => {
  const remedy = 'run: npx node harness/result/bench/publish.ts';

  it('is as it is', () => {
    for (const { file, text } of benchSchemas()) expect(readFileSync(file, 'utf8'), remedy).toBe(text);
    const page = readFileSync(README_FILE, 'utf8');
    expect(page, remedy).toBe(readmeWithBenches(page));
  });

  it.each([
    ['capacity', capacitySchema],
    ['scrape', scrapeSchema],
    ['micro', microSchema],
  ])('gives every number a unit or a meaning: %s', (_, schema) => {
    const bare = fieldTable(schema)
      .split('\n')
      .filter((row) => /\| (number|integer)/.test(row) && / {2}\|$/.test(row));
    expect(bare).toEqual([]);
  });

  it('says of every record which command writes it', () => {
    const page = readFileSync(README_FILE, 'utf8');
    for (const kind of ['Result', 'FaultsResult', 'UpgradeResult', 'CapacityResult', 'ScrapeResult']) {
      expect(page).toMatch(new RegExp(`\\| \`meshproof [a-z ]+\` \\| .*\\| \`${kind}\` \\|`));
    }
  });
});
