import type { MicroResult } from '../bench/types.ts';
import { sampleMachine } from './bench-sample.ts';

export function sampleMicro(change: Partial<MicroResult> = {}): MicroResult {
  return {
    apiVersion: 'meshproof/v1',
    kind: 'MicroResult',
    startedAt: '2026-01-02T03:04:05.000Z',
    machine: sampleMachine,
    benches: [
      {
        name: 'parse a page',
        unit: 'page of 1,000 series',
        unitsPerRun: 1,
        medianMs: 2.1,
        p99Ms: 3.4,
        runs: 240,
        ratio: { value: 1.52, low: 1.49, high: 1.56, level: 0.95 },
      },
    ],
    ...change,
  };
}
