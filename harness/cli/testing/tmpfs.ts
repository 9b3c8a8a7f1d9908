import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface Tmpfs {
  path: string;
  unmount(): void;
}

/** A file system of that size, e.g. `64k`; only root can make one. @throws Error with what `mount` said */
export function mountTmpfs(path: string, size: string): Tmpfs {
  mkdirSync(path);
  const { status, stderr, error } = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', path]);
  if (status !== 0) throw new Error(`mount failed: ${error?.message ?? stderr.toString().trim()}`);
  return {
    path,
    unmount() {
      const { status } = spawnSync('umount', ['-l', path]);
      if (status !== 0) throw new Error(`${path} can't be unmounted`);
    },
  };
}

/** Why none can be mounted here; empty when one can. */
mountTmpfs.refusal = (): string => {
  const dir = mkdtempSync(join(tmpdir(), 'meshproof-tmpfs-'));
  try {
    mountTmpfs(join(dir, 'probe'), '64k').unmount();
    return '';
  } catch (error) {
    return `no tmpfs can be mounted: ${(error as Error).message}`;
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
};
