import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { readJournalFiles } from './journal-files.ts';

it('reads the incarnations in their order, and marks a line that was cut off', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'journals-'));
  try {
    await writeFile(join(dir, '10.journal'), 'H,ten\nZ,1\n');
    await writeFile(join(dir, '2.journal'), 'H,two\nS,1,2');
    await writeFile(join(dir, '3.journal'), '');
    await writeFile(join(dir, 'origin.json'), '{}');
    expect(await readJournalFiles(dir)).toBe('H,two\nS,1,2%\nH,ten\nZ,1\n');
  } finally {
    await rm(dir, { recursive: true });
  }
});
