import { describe, expect, it } from 'vitest';
import { ansiToHtml } from './ansi.ts';

describe('terminal output as HTML', () => {
  it.each([
    ['plain', 'plain'],
    ['\u001b[31mred\u001b[39m, then not', '<span class="red">red</span>, then not'],
    ['\u001b[1m\u001b[32mboth\u001b[0m none', '<span class="bold green">both</span> none'],
    ['\u001b[1;33mboth\u001b[22m one\u001b[m', '<span class="bold yellow">both</span><span class="yellow"> one</span>'],
    ['a < b & c', 'a &#60; b &#38; c'],
  ])('%j', (text, expected) => {
    expect(ansiToHtml(text)).toBe(expected);
  });

  it.each(['\u001b[2J', '\u001b[95m'])("refuses what it can't show: %j", (text) => {
    expect(() => ansiToHtml(text)).toThrow();
  });
});
