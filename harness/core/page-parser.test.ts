import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parsePage } from './page-parser.ts';

const PAGE = `# HELP request_total Total count of HTTP requests.
# TYPE request_total counter
request_total{direction="inbound",target_port="8080"} 7
# HELP process_cpu_seconds Total user and system CPU time spent in seconds
# TYPE process_cpu_seconds counter
# UNIT process_cpu_seconds seconds
process_cpu_seconds_total 1.8599999999999999
# EOF
`;

describe('parsePage', () => {
  it('reads families, labels in order, values, units and the end', () => {
    expect(parsePage(PAGE)).toEqual({
      families: [
        { name: 'request_total', type: 'counter', help: 'Total count of HTTP requests.', unit: null },
        {
          name: 'process_cpu_seconds',
          type: 'counter',
          help: 'Total user and system CPU time spent in seconds',
          unit: 'seconds',
        },
      ],
      samples: [
        { name: 'request_total', labels: { direction: 'inbound', target_port: '8080' }, value: 7 },
        { name: 'process_cpu_seconds_total', labels: {}, value: 1.8599999999999999 },
      ],
      hasEof: true,
    });
  });

  it('takes what is legal though the proxy does not print it: time stamps, escapes, infinities, no EOF', () => {
    const page = parsePage('a{b="x\\"\\\\\\ny",c="}"} +Inf 1795358733000\nd NaN\ne{} -2.5e-7\n# a comment\n');
    expect(page.samples).toEqual([
      { name: 'a', labels: { b: 'x"\\\ny', c: '}' }, value: Number.POSITIVE_INFINITY },
      { name: 'd', labels: {}, value: Number.NaN },
      { name: 'e', labels: {}, value: -2.5e-7 },
    ]);
    expect(page.hasEof).toBe(false);
  });

  it.each([
    ['a 1\nb 2', 'line 2: the page is cut off: its last line has no end'],
    ['a 1\n# EOF\nb 2\n', 'line 3: text after # EOF'],
    ['a\n', 'line 1: no value in "a"'],
    ['a 1\nb x\n', 'line 2: bad value "x"'],
    ['a 0x10\n', 'line 1: bad value "0x10"'],
    ['a \n', 'line 1: bad value ""'],
    ['a 1 2.5\n', 'line 1: bad time stamp in "1 2.5"'],
    ['9a 1\n', 'line 1: bad metric name "9a"'],
    ['a{b="1",b="2"} 1\n', 'line 1: label b stands twice'],
    ['a{b-c="1"} 1\n', 'line 1: bad label name "b-c"'],
    ['a{b="1} 1\n', 'line 1: value of label b does not end'],
    ['a{b="1" c="2"} 1\n', 'line 1: neither a comma nor a brace after label b'],
    ['a{b="1"}1\n', 'line 1: no space before the value'],
    ['a{b="\\x"} 1\n', 'line 1: unknown escape "\\x"'],
    ['a{b} 1\n', 'line 1: labels do not end'],
    ['# TYPE a counter\n# TYPE a gauge\n', 'line 2: a second TYPE of a'],
    ['# TYPE a stateset\n', 'line 1: unknown type "stateset" of a'],
  ])('refuses %j', (text, message) => {
    expect(() => parsePage(text)).toThrow(expect.objectContaining({ code: 'BAD_PAGE', message }));
  });

  it('reads back any label values and floats', () => {
    const value = fc.double({ noNaN: true });
    const labels = fc.dictionary(fc.stringMatching(/^[a-z_][a-z0-9_]{0,8}$/), fc.string());
    fc.assert(
      fc.property(fc.array(fc.record({ labels, value })), (series) => {
        const text = series.map((s) => {
          const quote = (v: string) => v.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
          const pairs = Object.entries(s.labels).map(([k, v]) => `${k}="${quote(v)}"`);
          return `m{${pairs.join(',')}} ${String(s.value).replace('Infinity', 'Inf')}\n`;
        });
        const read = parsePage(text.join('')).samples;
        expect(read.map((s) => ({ labels: { ...s.labels }, value: s.value + 0 }))).toEqual(
          series.map((s) => ({ labels: { ...s.labels }, value: s.value + 0 })),
        );
      }),
    );
  });
});
