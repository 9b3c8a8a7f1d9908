import { describe, expect, it } from 'vitest';
import { readOwnPage, rejectedBetween } from './own-page.ts';

const page = (outOfOrder: number) => `# TYPE prometheus_tsdb_head_series gauge
prometheus_tsdb_head_series 1234
# TYPE prometheus_target_scrapes_sample_out_of_order_total counter
prometheus_target_scrapes_sample_out_of_order_total ${outOfOrder}
# TYPE prometheus_tsdb_out_of_order_samples_total counter
prometheus_tsdb_out_of_order_samples_total{type="float"} ${outOfOrder}
prometheus_tsdb_out_of_order_samples_total{type="histogram"} 3
process_cpu_seconds_total 1.5
process_resident_memory_bytes 1e+08
`;

describe("Prometheus' own page", () => {
  it('tells what it holds, uses, and refused meanwhile', () => {
    const before = readOwnPage(page(10));
    expect(before).toEqual({
      rejected: { out_of_order: 10, tsdb_out_of_order: 13 },
      headSeries: 1234,
      cpuSeconds: 1.5,
      residentBytes: 1e8,
    });
    expect(rejectedBetween(before, readOwnPage(page(14)))).toEqual({ out_of_order: 4, tsdb_out_of_order: 4 });
  });
});
