import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { exampleText, fieldTable, README_FILE, readmeText, SCHEMA_FILE, schemaText } from './publish.ts';
import { parseResult, readResult } from './read.ts';
import { createRunDir, timestamp } from './run-dir.ts';
import { arbitraryResult } from './testing/arbitrary.ts';
import { sampleResult } from './testing/sample.ts';
import type { Result } from './types.ts';
import { type FileCalls, resultText, writeResult } from './write.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'meshproof-result-test-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const real: FileCalls = { open, rename, rm };
const errno = (code: string) => Object.assign(new Error(`${code}: as the system says`), { code });

describe('writing and reading', () => {
  it('reads what it wrote, infinities included', async () => {
    const path = await writeResult(dir, sampleResult());
    expect(path).toBe(join(dir, 'result.json'));
    expect(await readResult(path)).toEqual(sampleResult());
    expect(readdirSync(dir)).toEqual(['result.json']);
  });

  it('keeps every result there can be', () => {
    fc.assert(
      fc.property(arbitraryResult, (result) => {
        // Through JSON: -0 is 0 there, and a key that is undefined is none.
        const plain = (r: Result) => JSON.parse(resultText(r));
        expect(plain(parseResult(resultText(result), 'x'))).toEqual(plain(result));
      }),
      { numRuns: 100 },
    );
  });

  it('leaves the old file whole when the new one cannot be written', async () => {
    await writeResult(dir, sampleResult());
    const before = readFileSync(join(dir, 'result.json'), 'utf8');
    const full: FileCalls = { ...real, rename: () => Promise.reject(errno('ENOSPC')) };
    await expect(writeResult(dir, { ...sampleResult(), durationMs: 1 }, full)).rejects.toMatchObject({
      code: 'RESULTS_NOT_WRITABLE',
      exitCode: 4,
      message: expect.stringContaining(dir),
      hint: expect.stringContaining('disk is full'),
    });
    expect(readFileSync(join(dir, 'result.json'), 'utf8')).toBe(before);
    expect(readdirSync(dir), 'no temporary file stays').toEqual(['result.json']);
  });

  it.each([
    ['EACCES', 'permissions'],
    ['EROFS', 'read-only'],
    ['EDQUOT', 'quota'],
    ['EIO', '--out DIR'],
  ])('says what to do about %s', async (code, hint) => {
    const failing: FileCalls = { ...real, open: () => Promise.reject(errno(code)) };
    await expect(writeResult(dir, sampleResult(), failing)).rejects.toMatchObject({
      code: 'RESULTS_NOT_WRITABLE',
      hint: expect.stringContaining(hint),
    });
  });
});

describe('reading what is not a result', () => {
  const sample = () => JSON.parse(resultText(sampleResult()));
  const cases: [string, string, RegExp][] = [
    ['cut off', resultText(sampleResult()).slice(0, 500), /is not JSON/],
    ['another version', JSON.stringify({ apiVersion: 'meshproof/v2' }), /apiVersion "meshproof\/v2"/],
    ['nothing', 'null', /\(top\)/],
    ['an unknown field', JSON.stringify({ ...sample(), extra: 1 }), /extra/],
    ['a wrong verdict', JSON.stringify({ ...sample(), verdict: 'maybe' }), /verdict/],
  ];
  it.each(cases)('%s', (_, text, message) => {
    expect(() => parseResult(text, 'r.json')).toThrow(
      expect.objectContaining({ code: 'RESULT_INVALID', exitCode: 2, message: expect.stringMatching(message) }),
    );
  });

  it('names the place of a problem deep inside', () => {
    const value = sample();
    value.scenarios[1].flows[0].truth = '12';
    expect(() => parseResult(JSON.stringify(value), 'r.json')).toThrow(/scenarios\[1\]\.flows\[0\]\.truth/);
  });

  it('says so when there is no file', async () => {
    await expect(readResult(join(dir, 'none.json'))).rejects.toMatchObject({
      code: 'RESULT_NOT_READABLE',
      exitCode: 2,
    });
  });
});

describe('the published format', () => {
  const remedy = 'run: npx node harness/result/publish.ts';

  it('has a schema that is up to date', () => {
    expect(readFileSync(SCHEMA_FILE, 'utf8'), remedy).toBe(schemaText());
  });

  it('has a page that is up to date', () => {
    const page = readFileSync(README_FILE, 'utf8');
    expect(page, remedy).toBe(readmeText(page));
  });

  it('shows an example that the reader accepts', () => {
    const block = /```json\n([\s\S]*?)```/.exec(readFileSync(README_FILE, 'utf8'))![1]!;
    expect(block).toBe(exampleText());
    expect(parseResult(block, 'example').verdict).toBe('fail');
  });

  it('gives every number a unit or a meaning', () => {
    const bare = fieldTable()
      .split('\n')
      .filter((row) => /\| (number|integer)/.test(row) && / {2}\|$/.test(row));
    expect(bare).toEqual([]);
  });
});

describe('the folder of a run', () => {
  it('is unique when many start at once, sorts by time, and is left empty', async () => {
    const dirs = await Promise.all(Array.from({ length: 20 }, () => createRunDir(join(dir, 'a', 'b'))));
    expect(new Set(dirs.map((d) => d.path)).size).toBe(20);
    for (const d of dirs) {
      expect(d.id).toMatch(/^\d{8}T\d{6}Z-[0-9a-f]{6}$/);
      expect(d.path).toBe(join(dir, 'a', 'b', d.id));
      expect(readdirSync(d.path)).toEqual([]);
    }
    expect(timestamp(new Date('2026-01-02T03:04:05.678Z'))).toBe('20260102T030405Z');
  });

  it('cannot be below a file', async () => {
    writeFileSync(join(dir, 'file'), '');
    await expect(createRunDir(join(dir, 'file'))).rejects.toMatchObject({
      code: 'RESULTS_NOT_WRITABLE',
      exitCode: 4,
      hint: expect.stringContaining('--out DIR'),
    });
    await expect(createRunDir(join(dir, 'file', 'x'))).rejects.toMatchObject({
      code: 'RESULTS_NOT_WRITABLE',
      message: expect.stringContaining('file'),
    });
  });

  it.runIf(existsSync('/proc/self'))('cannot be where the system allows no folder', async () => {
    await expect(createRunDir('/proc/meshproof')).rejects.toMatchObject({ code: 'RESULTS_NOT_WRITABLE' });
  });
});
