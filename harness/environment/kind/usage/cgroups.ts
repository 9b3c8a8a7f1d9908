import type { Docker } from '../docker.ts';

/** What the kernel has counted of a container. */
export interface CgroupUsage {
  /** Epoch ms, by the node's clock. */
  atMs: number;
  cpuSeconds: number;
  /** Working set, as kubelets reckon it: without inactive pages of files. */
  residentBytes: number;
}

/**
 * One `grep` reads all files, so that a look takes some ms of the node's time. Between two stamps, in ms. cgroups v2 have one
 * tree, v1 one a controller.
 */
const READ = `
date +%s%3N
if [ -f /sys/fs/cgroup/cgroup.controllers ]; then roots=/sys/fs/cgroup; else roots="/sys/fs/cgroup/cpuacct /sys/fs/cgroup/memory"; fi
find $roots -type f -path '*pod*' '(' -name cpu.stat -o -name memory.current -o -name memory.stat \\
  -o -name cpuacct.usage -o -name memory.usage_in_bytes ')' \\
  -exec grep -sHE '^([0-9]+$|usage_usec |(total_)?inactive_file )' {} +
date +%s%3N`;

/**
 * What the containers on a node have used, as of now: kubelets look at the same counters, but seldom (every 10 to 15 s), which
 * is longer than what is measured may take. By the containers' ids.
 * @param node the Docker container that is the node
 * @throws HarnessError DOCKER_FAILED
 */
export async function cgroupUsage(docker: Pick<Docker, 'exec'>, node: string): Promise<Map<string, CgroupUsage>> {
  return parseCgroups(await docker.exec(node, ['sh', '-c', READ]));
}

/** `.../cri-containerd-<id>.scope/cpu.stat:usage_usec 17`, or `.../<id>/cpuacct.usage:17`. */
const LINE = /([0-9a-f]{64})(?:\.scope)?\/([a-z_.]+):(?:(\w+) )?(\d+)$/;

interface Counted {
  cpuSeconds: number;
  bytes: number;
  inactive: number;
}

/** Those of which it says all. */
export function parseCgroups(text: string): Map<string, CgroupUsage> {
  const lines = text.trim().split('\n');
  const atMs = (Number(lines[0]) + Number(lines.at(-1))) / 2;
  const counted = new Map<string, Partial<Counted>>();
  for (const line of lines) {
    const [, id, file, key, number] = LINE.exec(line) ?? [];
    if (id === undefined || file === undefined) continue;
    const of = counted.get(id) ?? {};
    counted.set(id, of);
    const value = Number(number);
    if (file === 'cpuacct.usage') of.cpuSeconds = value / 1e9;
    else if (file === 'cpu.stat' && key === 'usage_usec') of.cpuSeconds = value / 1e6;
    else if (file === 'memory.current' || file === 'memory.usage_in_bytes') of.bytes = value;
    // v1 has both, the one with those of children second.
    else if (file === 'memory.stat') of.inactive = value;
  }
  const found = new Map<string, CgroupUsage>();
  for (const [id, { cpuSeconds, bytes, inactive }] of counted) {
    if (cpuSeconds === undefined || bytes === undefined || inactive === undefined) continue;
    found.set(id, { atMs, cpuSeconds, residentBytes: Math.max(0, bytes - inactive) });
  }
  return found;
}
