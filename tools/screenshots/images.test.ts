import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join, posix } from 'node:path';
import { describe, expect, it } from 'vitest';
import { MADE_FILE, readMade } from './made.ts';
import { COMMANDS, commandOf, ROOT, type Subject } from './results.ts';

const documents = ['README.md', ...readdirSync(join(ROOT, 'docs'), { recursive: true, encoding: 'utf8' })]
  .filter((name) => name.endsWith('.md'))
  .map((name) => (name === 'README.md' ? name : posix.join('docs', name.replaceAll('\\', '/'))));

/** Pictures that the documents show: Markdown's, and those of HTML, which have one for each scheme. */
const named = documents.flatMap((file) => {
  const text = readFileSync(join(ROOT, file), 'utf8');
  const targets = [...text.matchAll(/!\[[^\]]*\]\(([^)\s]+\.png)\)|(?:src|srcset)="([^"]+\.png)"/g)];
  return targets.map(([, a, b]) => posix.join(posix.dirname(file), a ?? b!));
});
const there = readdirSync(join(ROOT, 'docs/images'))
  .filter((name) => name !== MADE_FILE)
  .map((name) => `docs/images/${name}`);

describe('the pictures of the documents', () => {
  it('are there, and each one is shown', () => {
    expect([...new Set(named)].sort()).toEqual(there.sort());
    for (const subject of Object.keys(COMMANDS)) {
      for (const scheme of ['light', 'dark']) expect(there).toContain(`docs/images/report-${subject}-${scheme}.png`);
    }
  });

  // Where one differs: npm run docs:screenshots
  it('are made by the commands of the script, each as made.json says', () => {
    const made = readMade(join(ROOT, 'docs/images'));
    const commands = Object.fromEntries(Object.entries(made).map(([name, { command }]) => [name, command]));
    const expected = there.map((file) => {
      const name = posix.basename(file);
      const [, subject = 'fail'] = /^report-(\w+)-/.exec(name) ?? [];
      return [name, commandOf(subject as Subject)];
    });
    expect(commands).toEqual(Object.fromEntries(expected));
    for (const { version } of Object.values(made)) expect(version).toMatch(/^\d+\.\d+\.\d+/);
  });

  it.each(there)('%s is a PNG of a reasonable size', (file) => {
    const bytes = readFileSync(join(ROOT, file));
    expect(bytes.subarray(1, 4).toString()).toBe('PNG');
    expect(statSync(join(ROOT, file)).size).toBeLessThan(300_000);
    expect(bytes.readUInt32BE(16), 'width').toBeLessThanOrEqual(1280);
  });
});
