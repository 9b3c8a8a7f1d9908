import { expect, it } from 'vitest';
import { blocksToHtml } from './blocks.ts';

const columns = [{ title: 'NEEDED BY' }, { title: 'us/SAMPLE', align: 'right' as const }, { title: 'CPU' }];
const rows = [['<b>', '1', '2']];

it('has a short text before a table as its caption, else what a title has in brackets, else the title', () => {
  const caption = (before: Parameters<typeof blocksToHtml>[0]) =>
    /<caption>(.*?)<\/caption>/.exec(String(blocksToHtml([...before, { kind: 'table', columns, rows }], 'other')))?.[1];
  const title = { kind: 'title', text: 'What it takes (P99: of scrapes)' } as const;
  expect(caption([title, { kind: 'text', text: 'short' }])).toBe('short');
  expect(caption([title, { kind: 'text', text: 'long '.repeat(30) }])).toBe('P99: of scrapes');
  expect(caption([{ kind: 'title', text: 'Bare' }])).toBe('Bare');
  expect(caption([])).toBe('other');
});

it('escapes every kind of block, and says each text once', () => {
  const page = String(
    blocksToHtml([
      { kind: 'headline', text: '<h>' },
      { kind: 'title', text: '<t> (<r>)' },
      { kind: 'text', text: '<x>' },
      { kind: 'table', columns, rows },
      { kind: 'items', items: ['<i>'] },
      { kind: 'code', language: 'yaml', text: '<c>' },
    ]),
  );
  for (const text of ['h', 't', 'b', 'i', 'c']) expect(page.split(`&lt;${text}&gt;`)).toHaveLength(2);
  expect(page).not.toMatch(/<(?:h|t|b|i|c|x|r)>/);
  expect(page).toMatch(/Needed by<\/th><th[^>]*>us\/sample<\/th><th[^>]*>CPU</);
});
