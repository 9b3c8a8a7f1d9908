import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { documents, ROOT, read } from './files.ts';
import { fences } from './markdown.ts';
import { PLAYED } from './played.ts';
import { playDocument } from './session/run.ts';
import { renewed } from './session/update.ts';

/** A world takes some 20 seconds, on a machine that is busy a multiple of it. */
const DEADLINE_MS = 600_000;

// What differs is renewed by: npm run docs -- FILE
it.each(PLAYED)(
  '$path: what it tells to type shows what it says',
  { timeout: DEADLINE_MS },
  async ({ path, instead }) => {
    const dir = mkdtempSync(join(tmpdir(), 'meshproof-docs-'));
    try {
      symlinkSync(join(ROOT, 'scenarios'), join(dir, 'scenarios'));
      const played = await playDocument(read(path), { dir, ...(instead ? { instead } : {}) });
      expect(played.length).toBeGreaterThan(1);
      const wrong = played.filter(({ problem }) => problem !== null);
      expect(wrong.map(({ step, problem }) => `${path}:${step.line}: ${step.command}\n${problem}`)).toEqual([]);
    } finally {
      rmSync(dir, { recursive: true, force: true });
    }
  },
);

/** Whole scenarios of documents that are not played: run as a reader would who copies them. */
const copied = documents()
  .filter((path) => !PLAYED.some((played) => played.path === path))
  .flatMap((path) => fences(read(path)).map((fence) => ({ ...fence, where: `${path}:${fence.line}` })))
  .filter(({ info, body }) => /^yaml\b/.test(info) && /^kind: Scenario$/m.test(body));

it('there are whole scenarios to be copied', () => expect(copied.length).toBeGreaterThan(0));

it.each(copied)('$where: the scenario passes', { timeout: DEADLINE_MS }, async ({ body }) => {
  const dir = mkdtempSync(join(tmpdir(), 'meshproof-docs-'));
  try {
    const text = `\`\`\`yaml copied.yaml\n${body}\`\`\`\n\`\`\`console\n$ meshproof run copied.yaml\n\`\`\`\n`;
    const played = await playDocument(text, { dir });
    expect(played.map(({ problem }) => problem)).toEqual([null]);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
});

describe('a document that is played', () => {
  const play = async (text: string) => {
    const dir = mkdtempSync(join(tmpdir(), 'meshproof-docs-'));
    try {
      const played = await playDocument(text, { dir });
      return { problems: played.map(({ problem }) => problem), text: renewed(text, played) };
    } finally {
      rmSync(dir, { recursive: true, force: true });
    }
  };

  it('has its files, its commands in one folder, and their outputs renewed', async () => {
    const text =
      '```text a/b.txt\none 1\ntwo\nthree\n```\nThen\n```console\n$ cat \\\n  a/b.txt\none 2\n...\n$ false\n$ echo $?\n3\n$ pwd\n```\n';
    const { problems, text: now } = await play(text);
    expect(problems).toEqual([null, null, null, null]);
    expect(now).toBe(text.replace('one 2', 'one 1').replace('$?\n3', '$?\n1'));
  });

  it('is wrong where a command fails that nobody asks for, and where an output is another', async () => {
    const { problems, text } = await play('```console\n$ false\n$ echo a\nb\n$ echo c\n???\n```\n');
    expect(problems).toEqual([
      expect.stringMatching('ended with 1'),
      expect.stringMatching('not what comes next'),
      expect.stringMatching('filled'),
    ]);
    expect(text).toContain('$ echo a\nb\n$ echo c\nc\n');
  });
});
