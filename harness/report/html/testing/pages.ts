import { sampleRecord } from '../../../matrix/testing/samples.ts';
import { sampleCapacity, sampleScrape } from '../../../result/testing/bench-sample.ts';
import { sampleResult } from '../../../result/testing/sample.ts';
import { sampleUpgrade } from '../../../result/testing/upgrade-sample.ts';
import { sampleConfiguration, sampleTimeline } from './suite-sample.ts';

/** A record of each kind that has a page. */
export function sampleRecords() {
  const result = sampleResult();
  return {
    result,
    timelines: new Map(result.scenarios.map((scenario) => [scenario.name, sampleTimeline(scenario)])),
    configurations: new Map(result.scenarios.map(({ name }) => [name, sampleConfiguration()])),
    upgrade: sampleUpgrade(),
    capacity: sampleCapacity(),
    scrape: sampleScrape(),
    faults: sampleRecord(),
  };
}
