import { cpus, totalmem } from 'node:os';
import type { Machine } from '../result/bench/types.ts';

/** The machine that this process runs on. */
export function thisMachine(): Machine {
  const cores = cpus();
  return {
    platform: `${process.platform} ${process.arch}`,
    cpu: cores[0]?.model.trim() || 'unknown',
    cores: cores.length,
    memoryBytes: totalmem(),
    node: process.version,
  };
}
