import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { epochMs } from '../../core/clock.ts';
import type { ProcessInfo, ProcessReading } from '../telemetry/proxy-telemetry.ts';

interface Account {
  handled(): number;
  seen: number;
  cpuSeconds: number;
  openFds(): number;
}

/**
 * process_* of sidecars that share one process. CPU time is apportioned: what the process used since the last reading goes
 * to the sidecars in proportion to the requests that each handled since then (equal parts when there were none). Memory and
 * threads are equal parts; file descriptors are each sidecar's own. The sum over all sidecars is the process'.
 */
export class ProcessShares {
  readonly #accounts = new Set<Account>();
  readonly #cpuSeconds: () => number;
  #spent: number;

  /** @param cpuSeconds of the whole process, user and system */
  constructor(cpuSeconds: () => number = ownCpuSeconds) {
    this.#cpuSeconds = cpuSeconds;
    this.#spent = cpuSeconds();
  }

  /** An account for one incarnation; `close` when it has ended. */
  open(handled: () => number, openFds: () => number): { info: ProcessInfo; close: () => void } {
    this.#settle();
    const account: Account = { handled, seen: handled(), cpuSeconds: 0, openFds };
    this.#accounts.add(account);
    return {
      info: { startEpochSeconds: epochMs() / 1000, read: () => this.#read(account) },
      close: () => {
        this.#settle();
        this.#accounts.delete(account);
      },
    };
  }

  #settle(): void {
    const spent = this.#cpuSeconds();
    const used = spent - this.#spent;
    this.#spent = spent;
    const worked = [...this.#accounts].map((account) => {
      const now = account.handled();
      const requests = now - account.seen;
      account.seen = now;
      return { account, requests };
    });
    const total = worked.reduce((sum, { requests }) => sum + requests, 0);
    for (const { account, requests } of worked) {
      account.cpuSeconds += used * (total > 0 ? requests / total : 1 / worked.length);
    }
  }

  #read(account: Account): ProcessReading {
    this.#settle();
    const share = Math.max(1, this.#accounts.size);
    const memory = processMemory();
    return {
      cpuSeconds: account.cpuSeconds,
      virtualMemoryBytes: Math.round(memory.virtualBytes / share),
      residentMemoryBytes: Math.round(memory.residentBytes / share),
      openFds: account.openFds(),
      maxFds: MAX_FDS,
      // A proxy runs a worker a core, and its main thread.
      threads: availableParallelism() + 1,
    };
  }
}

const MAX_FDS = maxFds();

function ownCpuSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

function processMemory(): { virtualBytes: number; residentBytes: number } {
  const residentBytes = process.memoryUsage.rss();
  try {
    const kilobytes = /^VmSize:\s+(\d+) kB/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1];
    if (kilobytes) return { virtualBytes: Number(kilobytes) * 1024, residentBytes };
  } catch {
    // No /proc on this system: the resident size is what there is.
  }
  return { virtualBytes: residentBytes, residentBytes };
}

function maxFds(): number {
  try {
    const limit = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1];
    if (limit) return Number(limit);
  } catch {
    // No /proc on this system.
  }
  return 1_048_576;
}
