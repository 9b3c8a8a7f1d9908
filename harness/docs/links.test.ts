import { describe, expect, it } from 'vitest';
import { documents } from './files.ts';
import { brokenLinks } from './links.ts';
import { anchors, fences, links, slugOf } from './markdown.ts';

const found = documents();

it('finds the documents', () => {
  for (const one of ['README.md', 'CONTRIBUTING.md', 'docs/tutorial.md', 'docs/adr/0001-sidecars-in-one-process.md']) {
    expect(found).toContain(one);
  }
  expect(found.filter((path) => path.startsWith('results/'))).toEqual(['results/README.md']);
});

it.each(found)('%s: links lead somewhere', (path) => {
  expect(brokenLinks(path)).toEqual([]);
});

describe('a link that leads nowhere', () => {
  it.each([
    ['[a](none.md)', 'no such file'],
    ['[a](bounds.md#none)', 'no such heading'],
    ['[a](#none)', 'no such heading'],
    ['[a](../../x.md)', 'outside the checkout'],
    ['<img src="images/none.png">', 'no such file'],
    ['![a](images/none.png)', 'no such file'],
  ])('%s: %s', (text, problem) => {
    expect(brokenLinks('docs/x.md', `# X\n\n${text}\n`)).toEqual([
      expect.stringMatching(`^docs/x.md:3: .*${problem}$`),
    ]);
  });

  it('is none where it does', () => {
    const text =
      '# The X of `Y`\n[a](#the-x-of-y) [b](bounds.md#incarnations) [c](https://example.org/#z) [d](causes/)\n';
    expect(brokenLinks('docs/x.md', text)).toEqual([]);
  });
});

describe('Markdown', () => {
  it('gives headings the anchors that GitHub gives', () => {
    expect(slugOf('Which pod did a request reach?')).toBe('which-pod-did-a-request-reach');
    expect(slugOf('`upgrade.json`, and [more](x.md)')).toBe('upgradejson-and-more');
    expect([...anchors('# A\n## A\n```\n# no heading\n```\n<a id="here"></a>\n')]).toEqual(['a', 'a-1', 'here']);
  });

  it('tells blocks from prose', () => {
    const text = 'a [x](y)\n```yaml\nb: "[x](z)"\n```\n- c\n  ```\n  d\n    e\n  ```\n`[f](g)`\n';
    expect(fences(text)).toEqual([
      { info: 'yaml', body: 'b: "[x](z)"\n', line: 3 },
      { info: '', body: 'd\n  e\n', line: 7 },
    ]);
    expect(links(text)).toEqual([{ target: 'y', line: 1 }]);
  });
});
