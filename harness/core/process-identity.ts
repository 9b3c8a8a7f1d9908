import { execFileSync } from 'node:child_process';
import { readFileSync, readlinkSync } from 'node:fs';

/** A process for certain: its pid, and when it started as the kernel says it. */
export interface ProcessIdentity {
  pid: number;
  /** Boot, pid namespace and start time; empty where the system can't tell, and then it equals nothing. */
  pidStart: string;
}

/** null when there is no such process (a zombie is none: it runs no more). */
export function processIdentity(pid: number): ProcessIdentity | null {
  const pidStart = process.platform === 'linux' ? linuxStart(pid) : psStart(pid);
  return pidStart === null ? null : { pid, pidStart };
}

/** Whether exactly this process still runs. */
export function processIsAlive(identity: ProcessIdentity): boolean {
  return identity.pidStart !== '' && processIdentity(identity.pid)?.pidStart === identity.pidStart;
}

/** A process of another pid namespace (a container that shares the folder): nothing can be said about it from here. */
export function isOfAnotherNamespace(identity: ProcessIdentity): boolean {
  if (process.platform !== 'linux') return false;
  const boot = machine().split('/')[0];
  return identity.pidStart.startsWith(`${boot}/`) && !identity.pidStart.startsWith(`${machine()}/`);
}

/** Signals the process and its group, only when it still is the one that was meant. */
export function signalGroup(identity: ProcessIdentity, signal: NodeJS.Signals): boolean {
  if (!processIsAlive(identity)) return false;
  // Children lead a group of their own (core/process.ts); one that does not is signalled alone.
  for (const pid of [-identity.pid, identity.pid]) {
    try {
      process.kill(pid, signal);
      return true;
    } catch {
      // No such group, or it ended in between.
    }
  }
  return false;
}

/** Fields of /proc/<pid>/stat after the command, which may hold spaces and brackets: state is the first, start time the 20th. */
export function parseStat(stat: string): { state: string; startTicks: string } | null {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [state, startTicks] = [fields[0], fields[19]];
  return state && startTicks ? { state, startTicks } : null;
}

function linuxStart(pid: number): string | null {
  try {
    const stat = parseStat(readFileSync(`/proc/${pid}/stat`, 'utf8'));
    if (!stat || 'ZXx'.includes(stat.state)) return null;
    return `${machine()}/${stat.startTicks}`;
  } catch {
    return null;
  }
}

let machineId: string | undefined;

/** Ticks count from boot, and pids are those of a namespace: both belong to what names a process. */
function machine(): string {
  if (machineId === undefined) {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    machineId = `${boot}/${readlinkSync('/proc/self/ns/pid')}`;
  }
  return machineId;
}

function psStart(pid: number): string | null {
  try {
    const out = execFileSync('ps', ['-o', 'state=,lstart=', '-p', String(pid)], { encoding: 'utf8' }).trim();
    return out === '' || out.startsWith('Z') ? null : out.replace(/^\S+\s+/, '');
  } catch {
    return null;
  }
}
