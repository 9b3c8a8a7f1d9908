import { readFileSync } from 'node:fs';

/** CPU time a process has used, in seconds (utime + stime of /proc/<pid>/stat, in clock ticks of 10 ms). */
export function cpuSeconds(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

/** Proportional resident memory in bytes: pages that processes share are divided among them. */
export function pssBytes(pid: number): number {
  const match = /^Pss:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'));
  return match ? Number(match[1]) * 1024 : 0;
}

/** Reads `what` of each process; those that have ended are left out. */
export function readEach(
  processes: { name: string; pid: number }[],
  what: (pid: number) => number,
): Map<string, number> {
  const values = new Map<string, number>();
  for (const { name, pid } of processes) {
    try {
      values.set(name, what(pid));
    } catch {
      // It has ended.
    }
  }
  return values;
}
