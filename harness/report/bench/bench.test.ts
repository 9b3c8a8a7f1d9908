import { describe, expect, it } from 'vitest';
import {
  sampleCapacity,
  sampleCapacityPoint,
  sampleCapacitySide,
  sampleScrape,
  sampleScrapePoint,
} from '../../result/testing/bench-sample.ts';
import { displayWidth } from '../text.ts';
import { capacityBlocks, carries } from './capacity.ts';
import { type Block, blocksToMarkdown, blocksToTerminal } from './document.ts';
import { pointLine } from './point-line.ts';
import { scrapeBlocks } from './scrape.ts';
import { formatBytes, formatCores, formatRate } from './units.ts';

const terminal = (blocks: Block[], width = 80) => blocksToTerminal(blocks, { color: false, width });

describe('capacity', () => {
  it('says first what the mesh carries, then with what interval, at what price, along which curve', () => {
    const text = terminal(capacityBlocks(sampleCapacity()));
    expect(text.replace(/\s+/g, ' ')).toMatch(
      /^The mesh carries 79\.8\/s \(78\.1\/s to 81\.6\/s\) within p99 <= 250 ms, success >= 99%/,
    );
    expect(text).toMatch(/^meshed +79\.8\/s +78\.1\/s to 81\.6\/s \(95%\) +3 +p99 <= 250 ms/m);
    expect(text).toContain('with the mesh 79.8/s instead of 80.1/s');
    expect(text).toMatch(/^ *50\/s +49\.8\/s +#+ +51\.2 ms +58\.4 ms +100% +50m +0\.21 +yes$/m);
    expect(text).toMatch(/^ *100\/s .* no$/m);
    expect(text).toMatch(/^ {2}- 75\/s \(points\/003-meshed-75\): the telemetry was wrong: COUNT_MISMATCH$/m);
  });

  it.each([
    [78, 'yes'],
    [80, 'open'],
    [82, 'no'],
  ] as const)('of %d/s that were asked for it says %s', (atLeast, answer) => {
    expect(carries(sampleCapacity(), atLeast)).toBe(answer);
  });

  it('calls nothing too little while the search has not converged', () => {
    expect(carries(sampleCapacity({ sides: [sampleCapacitySide({ converged: false })] }), 1000)).toBe('open');
    expect(carries(sampleCapacity({ sides: [] }), 1)).toBe('open');
  });

  it('calls it too little where not even lower rates were ever sustained', () => {
    const failing = (rates: number[], sustained: boolean | null = false) =>
      sampleCapacity({
        sides: [
          sampleCapacitySide({
            ...{ capacity: null, converged: false, stopped: 'not even 10/s, the lowest rate to try, is sustained' },
            points: rates.map((offeredPerSecond) => sampleCapacityPoint({ offeredPerSecond, sustained })),
          }),
        ],
        price: null,
      });
    expect(carries(failing([20, 10, 10]), 200)).toBe('no');
    expect(terminal(capacityBlocks(failing([20, 10, 10]), 200)).replace(/\s+/g, ' ')).toContain(
      'not even 10/s, the lowest rate to try, is sustained: less than 200/s',
    );
    expect(carries(failing([20, 10, 10]), 5)).toBe('open');
    // Once may be chance, and what does not count says nothing.
    expect(carries(failing([10]), 200)).toBe('open');
    expect(carries(failing([20, 10, 10], null), 200)).toBe('open');
    expect(carries(failing([20, 10, 10], true), 200)).toBe('open');
  });

  it('says of one whose upper end was not found that it may be more', () => {
    const capacity = { value: 40, low: 40, high: Number.POSITIVE_INFINITY, level: 0.95 };
    const text = terminal(capacityBlocks(sampleCapacity({ sides: [sampleCapacitySide({ capacity })] })));
    expect(text).toMatch(/^The mesh carries 40\/s \(40\/s or more\)/);
    expect(text).toContain('40/s or more (95%)');
    expect(text).not.toContain('Inf');
  });

  it('gives no latency of a point with dropped iterations, and counts those as not succeeded', () => {
    const dropping = sampleCapacityPoint({
      ...{ offeredPerSecond: 100, achievedPerSecond: 80, sustained: false, requests: 800, droppedIterations: 200 },
      why: ['200 iterations dropped: all 100 virtual users were waiting for answers'],
    });
    const text = terminal(
      capacityBlocks(sampleCapacity({ sides: [sampleCapacitySide({ points: [sampleCapacityPoint(), dropping] })] })),
    );
    expect(text).toMatch(/^ *OFFERED .* SUCCESS +DROPPED +APP/m);
    expect(text).toMatch(/^ *50\/s .*58\.4 ms +100% +50m/m);
    expect(text).toMatch(/^ *100\/s +80\/s +#+ +n\/a +n\/a +80% +200 +50m +0\.21 +no$/m);
    expect(text.replace(/\s+/g, ' ')).toContain('dropped: iterations that never began. They count as not succeeded');
    expect(terminal(capacityBlocks(sampleCapacity()))).not.toContain('DROPPED');
    expect(pointLine(dropping, 'meshed')).not.toContain('p99');
  });

  it('says how much of the price may be noise, and by how much memory grows with the rate', () => {
    const { price } = sampleCapacity();
    const within = (value: number, half: number) => ({ value, low: value - half, high: value + half, level: 0.95 });
    const text = terminal(
      capacityBlocks(
        sampleCapacity({
          price: {
            ...price!,
            addedLatencyWithin: { p50: within(0.6, 0.2), p95: null, p99: within(1.2, 20) },
            bytesPer1000PerSecond: {
              app: { meshed: within(2 * 2 ** 20, 3 * 2 ** 20), unmeshed: null },
              proxy: within(34 * 2 ** 20, 5 * 2 ** 20),
            },
          },
        }),
      ),
    );
    expect(text).toMatch(/^added latency p50 +0\.6 ms ±0\.2 ms *$/m);
    expect(text).toMatch(/^added latency p95 +0\.9 ms *$/m);
    expect(text).toMatch(/^added latency p99 +1\.2 ms ±20 ms: noise *$/m);
    expect(text).toMatch(/^memory of the apps, per 1,000\/s more +2 MiB ±3 MiB: noise +unknown *$/m);
    expect(text).toMatch(/^memory of the proxies, per 1,000\/s more +34 MiB ±5 MiB *$/m);
  });

  it('says why there is no capacity', () => {
    const side = sampleCapacitySide({ capacity: null, stopped: 'even 1/s misses its objectives' });
    expect(terminal(capacityBlocks(sampleCapacity({ sides: [side], price: null })))).toMatch(
      /^No capacity was found: even 1\/s misses its objectives\n/,
    );
  });
});

describe('scraping', () => {
  it('says first whether all was well, then what is predicted, measured, fitted, lost and to be dropped', () => {
    const text = terminal(scrapeBlocks(sampleScrape()));
    expect(text.replace(/\s+/g, ' ')).toMatch(
      /^2 points measured: no scrape missed, no sample rejected; the model predicts held-out CPU within 5% /,
    );
    const order = ['Predicted: 5,000 pods', 'What Prometheus takes', 'The model', 'What the interval buys', 'To drop'];
    const places = order.map((title) => text.indexOf(title));
    expect(places).toEqual([...places].sort((a, b) => a - b));
    expect(places).not.toContain(-1);
    expect(text.replace(/\s+/g, ' ')).toContain('cpu (cores) = 3.60e-6 x samples per second + 0.012; rms 1.3%');
    expect(text).toMatch(/^ +\* 200 +1,003 +5 s +-5%$/m);
    // What nothing needs is offered to be dropped; of what something needs it is said what that breaks.
    const [offered, breaking] = text.split('The most expensive that something needs');
    expect(offered).toContain('regex: tcp_close_total');
    expect(offered).not.toContain('regex: response_latency_ms');
    expect(breaking).toContain('response_latency_ms: latency of responses');
    expect(breaking).toContain('regex: response_latency_ms');
    expect(breaking).not.toContain('tcp_close_total');
  });

  it('says of how many evaluations an error is', () => {
    const [, point] = sampleScrape().accuracy;
    const text = terminal(scrapeBlocks(sampleScrape({ accuracy: [{ ...point!, empty: 20 }] })));
    expect(text).toMatch(/^failures for 30 s +1\.2% \(40% empty\) *$/m);
    expect(terminal(scrapeBlocks(sampleScrape()))).toMatch(/^failures for 30 s +1\.2% *$/m);
  });

  it("takes the time of its generator for no proxy's", () => {
    const text = terminal(scrapeBlocks(sampleScrape())).replace(/\s+/g, ' ');
    expect(text).toContain("how long it takes is no proxy's time");
    expect(text).toContain('--only "a page is rendered"');
  });

  it('names what was missed and rejected', () => {
    const point = sampleScrapePoint({
      missed: { scrapes: 3, targets: 1, examples: ['web-1'] },
      rejected: { out_of_order: 7, too_old: 0 },
    });
    const text = terminal(scrapeBlocks(sampleScrape({ points: [point], model: null }))).replace(/\s+/g, ' ');
    expect(text).toContain('3 scrapes missed at 1 target: web-1');
    expect(text).toContain('7 samples rejected: out_of_order');
    expect(text).not.toContain('too_old');
    expect(text).toMatch(/^1 of 2 points measured: 3 scrapes missed, 7 samples rejected/);
  });
});

describe('every format', () => {
  const hostile = sampleCapacity({
    scenario: '<script>alert(1)</script>',
    environment: { name: 'local', mesh: { kind: '\u001b[31m', version: '`x`', proxyVersion: '' } },
    error: { code: 'X', message: '<img src=x onerror=1>', hint: '| a | b' },
  });

  it.each([20, 40, 80, 120])('keeps to %i columns, code aside', (width) => {
    for (const blocks of [capacityBlocks(hostile), scrapeBlocks(sampleScrape())]) {
      const withoutCode = blocks.filter(({ kind }) => kind !== 'code');
      for (const line of terminal(withoutCode, width).split('\n'))
        expect(displayWidth(line)).toBeLessThanOrEqual(width);
    }
  });

  it('lets nothing through that moves a cursor or is markup', () => {
    expect(terminal(capacityBlocks(hostile))).not.toContain('\u001b');
    const markdown = blocksToMarkdown(capacityBlocks(hostile));
    expect(markdown).not.toMatch(/<(?:script|img)/);
    expect(markdown.split('\n')[0]).toMatch(/^# /);
  });

  it('fences code with more ticks than it has', () => {
    expect(blocksToMarkdown([{ kind: 'code', language: 'yaml', text: 'a: ```b```' }])).toBe(
      '````yaml\na: ```b```\n````\n',
    );
  });
});

it.each([
  [formatBytes(0.5), '0.5 B'],
  [formatBytes(1023), '1,023 B'],
  [formatBytes(1024), '1 KiB'],
  [formatBytes(1024 ** 3 * 6.25), '6.3 GiB'],
  [formatBytes(-2048), '-2 KiB'],
  [formatCores(0.0042), '4.2 millicores'],
  [formatCores(1.25), '1.25 cores'],
  [formatRate(0.5), '0.5/s'],
  [formatRate(1234.4), '1,234/s'],
])('%s', (text, expected) => expect(text).toBe(expected));
