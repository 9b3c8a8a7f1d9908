import { execFile } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

/**
 * A Node of the lowest version that a range `>=major.minor` admits: MESHPROOF_TEST_NODE, or the one that npm has, kept in the
 * cache; null where neither can be had.
 */
export async function oldestNode(range: string): Promise<string | null> {
  if (process.env.MESHPROOF_TEST_NODE) return process.env.MESHPROOF_TEST_NODE;
  const version = `${/^>=(\d+\.\d+)$/.exec(range)![1]}.0`;
  const name = `node-${process.platform}-${process.arch}`;
  const folder = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'meshproof', `test-node-${version}`);
  const node = join(folder, 'node_modules', name, 'bin', 'node');
  if (existsSync(node)) return node;
  mkdirSync(folder, { recursive: true });
  const args = ['install', '--prefix', folder, '--prefer-offline', '--no-audit', '--no-fund', `${name}@${version}`];
  try {
    await promisify(execFile)('npm', args, { timeout: 120_000 });
  } catch {
    return null;
  }
  return existsSync(node) ? node : null;
}
