import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fieldTable, README_FILE } from '../publish.ts';
import { sampleTimeline } from '../testing/timeline-sample.ts';
import { readConfigurations } from './configuration.ts';
import { readmeWithTimeline, TIMELINE_SCHEMA_FILE, timelineSchemaText } from './publish.ts';
import { readTimeline, readTimelines } from './read.ts';
import { timelineSchema } from './schema.ts';
import type { Timeline } from './types.ts';
import { timelineText, writeTimeline } from './write.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'meshproof-timeline-test-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

/** The sample, changed in one place. */
function changed(change: (timeline: Timeline) => void): string {
  const timeline = sampleTimeline();
  change(timeline);
  return JSON.stringify(timeline);
}

describe('configurations', () => {
  const run = (...names: string[]) => ({ scenarios: names.map((name) => ({ name })) });
  function keep(folder: string, files: Record<string, string>): void {
    mkdirSync(join(dir, folder, 'config'), { recursive: true });
    for (const [name, text] of Object.entries(files)) writeFileSync(join(dir, folder, 'config', name), text);
  }

  it('are read from the folders of scenarios, whatever of them there is', async () => {
    keep('both', { 'scenario.yaml': 'name: both', 'prometheus.yml': 'global: {}' });
    keep('one', { 'prometheus.yml': 'global: {}' });
    expect(await readConfigurations(dir, run('both', 'one', 'none', '..', 'a/b'))).toEqual(
      new Map([
        ['both', { scenario: 'name: both', prometheus: 'global: {}' }],
        ['one', { scenario: null, prometheus: 'global: {}' }],
      ]),
    );
  });

  it('are those of the run where it is one scenario of something else', async () => {
    keep('.', { 'scenario.yaml': 'name: part' });
    expect((await readConfigurations(dir, run('part'))).get('part')?.scenario).toBe('name: part');
    expect((await readConfigurations(dir, run('part', 'other'))).size).toBe(0);
  });

  it('are read up to what anybody shows of them', async () => {
    keep('long', { 'scenario.yaml': 'x'.repeat(1e6) });
    expect((await readConfigurations(dir, run('long'))).get('long')?.scenario).toHaveLength(64 * 1024);
  });
});

describe('the record of what happened over time', () => {
  it('is read as it was written', async () => {
    const path = await writeTimeline(dir, sampleTimeline());
    expect(path).toBe(join(dir, 'timeline.json'));
    expect(await readTimeline(path)).toEqual(sampleTimeline());
    expect(readdirSync(dir)).toEqual(['timeline.json']);
  });

  it('keeps any text, and has a line for each thing that is told of', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.nat(4), (text, pods) => {
        const timeline = sampleTimeline();
        timeline.scenario = text;
        timeline.bands[0]!.label = text;
        timeline.pods = Array.from({ length: pods }, () => ({ ...timeline.pods[0]!, pod: text }));
        const written = timelineText(timeline);
        expect(timelineSchema.parse(JSON.parse(written))).toEqual(timeline);
        expect(written.split('\n').filter((line) => line.startsWith('    {"'))).toHaveLength(
          pods + timeline.bands.length + timeline.flows.length + timeline.latencies.length,
        );
      }),
    );
  });

  it.each([
    ['nothing', 'null', /\(top\)/],
    ['cut off', timelineText(sampleTimeline()).slice(0, 300), /is not JSON/],
    ['another record', JSON.stringify({ ...sampleTimeline(), kind: 'Result' }), /is a Result, not a Timeline/],
    ['of another version', JSON.stringify({ ...sampleTimeline(), apiVersion: 'meshproof/v2' }), /meshproof\/v2/],
    ['an unknown field', JSON.stringify({ ...sampleTimeline(), extra: 1 }), /extra/],
    ['lists that do not go together', changed((t) => t.flows[0]!.truth.failures.pop()), /flows\[0\]\.truth: its lists/],
    ['a reading too many', changed((t) => t.flows[1]!.prometheus.high.push(1)), /flows\[1\]\.prometheus: its lists/],
    ['a bucket too few', changed((t) => t.latencies[0]!.observed.pop()), /latencies\[0\]: its lists/],
    ['a bin too few', changed((t) => t.latencies[0]!.fine.count.pop()), /latencies\[0\]\.fine: its lists/],
  ])('is not %s', async (_, text, message) => {
    const file = join(dir, 'timeline.json');
    writeFileSync(file, text);
    await expect(readTimeline(file)).rejects.toMatchObject({
      code: 'RESULT_INVALID',
      exitCode: 2,
      message: expect.stringMatching(message),
    });
  });

  it('is said to be missing where there is none', async () => {
    await expect(readTimeline(join(dir, 'none'))).rejects.toMatchObject({ code: 'RESULT_NOT_READABLE', exitCode: 2 });
  });

  it('is found for each scenario of a run that has one', async () => {
    for (const name of ['checkout', 'older', '..hidden']) mkdirSync(join(dir, 'run', name), { recursive: true });
    await writeTimeline(join(dir, 'run', 'checkout'), sampleTimeline());
    await writeTimeline(join(dir, 'run', '..hidden'), { ...sampleTimeline(), scenario: '..hidden' });
    // Names of a result that came from elsewhere lead nowhere else.
    await writeTimeline(dir, sampleTimeline());
    const names = ['checkout', 'older', 'never-begun', '..hidden', '..', '.', '', '../run/checkout', '<script>'];
    const found = await readTimelines(join(dir, 'run'), { scenarios: names.map((name) => ({ name })) });
    expect([...found.keys()]).toEqual(['checkout', '..hidden']);
    expect(found.get('checkout')).toEqual(sampleTimeline());
  });

  it('is no silent absence where it is broken', async () => {
    mkdirSync(join(dir, 'checkout'));
    writeFileSync(join(dir, 'checkout', 'timeline.json'), '{');
    const reading = readTimelines(dir, { scenarios: [{ name: 'checkout' }] });
    await expect(reading).rejects.toMatchObject({ code: 'RESULT_INVALID' });
  });

  it('is published as it is', () => {
    const remedy = 'run: npx node harness/result/timeline/publish.ts';
    expect(readFileSync(TIMELINE_SCHEMA_FILE, 'utf8'), remedy).toBe(timelineSchemaText());
    const page = readFileSync(README_FILE, 'utf8');
    expect(page, remedy).toBe(readmeWithTimeline(page));
  });

  it('gives every number a unit or a meaning', () => {
    const bare = fieldTable(timelineSchema)
      .split('\n')
      .filter((row) => /\| (number|integer|list of number)/.test(row) && / {2}\|$/.test(row));
    expect(bare).toEqual([]);
  });
});
