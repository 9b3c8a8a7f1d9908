import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir, totalmem } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readRoom } from './room.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'meshproof-room-test-'));
  put('proc/meminfo', 'MemTotal:       8000000 kB\nMemFree:         100000 kB\nMemAvailable:   4000000 kB\n');
  put('proc/self/cgroup', '0::/user.slice/job\n');
  put(
    'proc/self/limits',
    'Limit  Soft  Hard  Units\nMax open files            1024                 4096                 files\n',
  );
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

function put(file: string, text: string): void {
  mkdirSync(dirname(join(root, file)), { recursive: true });
  writeFileSync(join(root, file), text);
}
const read = () => readRoom(root, { proc: join(root, 'proc'), cgroup: join(root, 'cgroup') });

describe('room', () => {
  it('is what the machine has available', async () => {
    const room = await read();
    expect(room).toMatchObject({ memoryBytes: 4_096_000_000, memoryOf: 'the machine', openFiles: 4096 });
    expect(room.diskBytes).toBeGreaterThan(0);
  });

  it('is what a control group leaves where that is less, any on the way up; file caches are given back', async () => {
    put('cgroup/user.slice/job/memory.max', 'max\n');
    put('cgroup/user.slice/memory.max', '2000000000\n');
    put('cgroup/user.slice/memory.current', '1500000000\n');
    put('cgroup/user.slice/memory.stat', 'anon 900\ninactive_file 300000000\n');
    expect(await read()).toMatchObject({ memoryBytes: 800_000_000, memoryOf: 'its control group' });
    put('cgroup/user.slice/memory.current', '3000000000\n');
    expect((await read()).memoryBytes).toBe(0);
  });

  it('is what the control group of a container leaves, which stands at the root', async () => {
    put('proc/self/cgroup', '0::/../of-the-host\n');
    put('cgroup/memory.max', '1000000000\n');
    put('cgroup/memory.current', '400000000\n');
    expect((await read()).memoryBytes).toBe(600_000_000);
  });

  it('is what a control group of version 1 leaves', async () => {
    put('proc/self/cgroup', '12:cpu,cpuacct:/a\n9:memory:/docker/x\n');
    put('cgroup/memory/docker/x/memory.limit_in_bytes', '3000000000\n');
    put('cgroup/memory/docker/x/memory.usage_in_bytes', '2500000000\n');
    expect(await read()).toMatchObject({ memoryBytes: 500_000_000, memoryOf: 'its control group' });
  });

  it('is a share of all memory on macOS, where hardly any is ever free', async () => {
    rmSync(join(root, 'proc'), { recursive: true });
    const room = await readRoom(root, { proc: join(root, 'proc'), cgroup: join(root, 'cgroup') }, 'darwin');
    expect(room.memoryBytes).toBe(totalmem() * 0.7);
    expect(room.openFiles).toBe(Number.POSITIVE_INFINITY);
  });

  it('is told of this machine', async () => {
    const room = await readRoom(root);
    expect(room.memoryBytes).toBeGreaterThan(1e6);
    expect(room.openFiles).toBeGreaterThan(100);
  });
});
