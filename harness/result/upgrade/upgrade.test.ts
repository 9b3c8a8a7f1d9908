import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fieldTable, README_FILE } from '../publish.ts';
import { arbitraryUpgrade } from '../testing/upgrade-arbitrary.ts';
import { sampleUpgrade } from '../testing/upgrade-sample.ts';
import { readmeWithUpgrade, UPGRADE_SCHEMA_FILE, upgradeSchemaText } from './publish.ts';
import { readUpgrade } from './read.ts';
import { upgradeSchema } from './schema.ts';
import { upgradeText, writeUpgrade } from './write.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'meshproof-upgrade-test-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

describe('the record of an upgrade', () => {
  it('is read as it was written', async () => {
    const path = await writeUpgrade(dir, sampleUpgrade());
    expect(path).toBe(join(dir, 'upgrade.json'));
    expect(await readUpgrade(path)).toEqual(sampleUpgrade());
    expect(readdirSync(dir)).toEqual(['upgrade.json']);
  });

  it('keeps whatever there can be', () => {
    fc.assert(
      fc.property(arbitraryUpgrade, (result) => {
        // Through JSON: -0 is 0 there, and a key that is undefined is none.
        const plain = JSON.parse(upgradeText(result));
        expect(JSON.parse(upgradeText(upgradeSchema.parse(plain)))).toEqual(plain);
      }),
      { numRuns: 100 },
    );
  });

  it.each([
    ['nothing', 'null', /\(top\)/],
    ['cut off', upgradeText(sampleUpgrade()).slice(0, 300), /is not JSON/],
    ['an unknown field', JSON.stringify({ ...sampleUpgrade(), extra: 1 }), /extra/],
    ['an unknown decision', JSON.stringify({ ...sampleUpgrade(), decision: 'perhaps' }), /decision/],
  ])('is not %s', async (_, text, message) => {
    const file = join(dir, 'upgrade.json');
    writeFileSync(file, text);
    await expect(readUpgrade(file)).rejects.toMatchObject({
      code: 'RESULT_INVALID',
      exitCode: 2,
      message: expect.stringMatching(message),
    });
  });

  it('is said to be missing where there is none', async () => {
    await expect(readUpgrade(join(dir, 'none'))).rejects.toMatchObject({ code: 'RESULT_NOT_READABLE', exitCode: 2 });
  });

  it('is published as it is', () => {
    const remedy = 'run: npx node harness/result/upgrade/publish.ts';
    expect(readFileSync(UPGRADE_SCHEMA_FILE, 'utf8'), remedy).toBe(upgradeSchemaText());
    const page = readFileSync(README_FILE, 'utf8');
    expect(page, remedy).toBe(readmeWithUpgrade(page));
  });

  it('gives every number a unit or a meaning', () => {
    const bare = fieldTable(upgradeSchema)
      .split('\n')
      .filter((row) => /\| (number|integer)/.test(row) && / {2}\|$/.test(row));
    expect(bare).toEqual([]);
  });
});
