import fc from 'fast-check';
import { expect, it } from 'vitest';
import { PROFILES } from '../../mesh/profiles/index.ts';
import { LATENCIES, modelPage } from './page-model.ts';
import { readSamples } from './page-text.ts';
import { shapeFor } from './shape.ts';
import { Traffic } from './traffic.ts';

const VERSIONS = PROFILES.map(({ proxyVersion }) => proxyVersion);

it.each(VERSIONS)('adds to each series what the telemetry adds, whatever the order of requests: %s', (version) => {
  const shape = { ...shapeFor({ version, edges: 5, routes: 2 }), thirdStatuses: 3 };
  const model = modelPage(shape);
  fc.assert(
    fc.property(fc.array(fc.nat(model.effects.length - 1), { maxLength: 60 }), (requests) => {
      const traffic = new Traffic(shape);
      const expected = model.samples.map(({ value }) => value);
      for (const request of requests) {
        const { source, status, latency, samples, amounts } = model.effects[request]!;
        const { ms, bytes } = LATENCIES[latency]!;
        const twin = traffic.sources.find(({ like, index }) => like === source.like && index === source.index);
        twin!.run(status, ms, bytes);
        for (const [i, sample] of samples.entries()) expected[sample]! += amounts[i]!;
      }
      const counted = readSamples(traffic.render(), version);
      expect(counted.map(({ key }) => key)).toEqual(model.samples.map(({ key }) => key));
      for (const [i, { key, value }] of counted.entries()) expect(value, key).toBeCloseTo(expected[i]!, 6);
    }),
    { numRuns: 4 },
  );
});

it('knows what time alone moves, and which values are times', () => {
  const model = modelPage(shapeFor({ version: 'v2.366.0', edges: 2 }));
  const named = (sample: number) => model.samples[sample]!.key.replace(/\{.*/, '');
  const ticks = new Map(model.ticks.map(({ sample, perSecond }) => [named(sample), perSecond]));
  expect(ticks.get('process_uptime_seconds_total')).toBe(1);
  expect(ticks.get('process_clock_time_seconds')).toBe(1);
  expect(ticks.get('tokio_rt_park_total')).toBe(5);
  expect(ticks.has('request_total')).toBe(false);
  const times = new Map(model.times.map(({ sample, afterStart }) => [named(sample), afterStart]));
  expect(times.get('process_start_time_seconds')).toBe(0);
  expect(times.get('control_identity_cert_expiration_timestamp_seconds')).toBe(86_420);
  expect(times.has('process_cpu_seconds_total')).toBe(false);
});
