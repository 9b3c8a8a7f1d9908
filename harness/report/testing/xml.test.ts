import { describe, expect, it } from 'vitest';
import { parseXml } from './xml.ts';

describe('the check of XML', () => {
  it.each([
    '<a>',
    '<a></b>',
    '<a>&</a>',
    '<a b="1" b="2"/>',
    '<a/><b/>',
    '<a/>x',
    '<a>\u0001</a>',
    '<a b="<"/>',
    '<a>]]></a>',
  ])('refuses %j', (xml) => {
    expect(() => parseXml(xml)).toThrow();
  });
});
