import { chmod, mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { withLock } from '../../core/lock.ts';
import { printed, runCommand } from '../../core/run-command.ts';
import { isExecutable } from '../../core/search-path.ts';
import { type CacheEntry, cacheEntry } from '../cache.ts';
import type { ReleaseAsset, ReleasePlatform, ToolSpec } from '../catalogue.ts';
import { Downloader } from '../download.ts';
import { pinOf } from '../pin.ts';
import type { Strategy, ToolContext } from '../strategy.ts';
import { cache } from './cache.ts';

const GITHUB = 'https://github.com';
const LOCK_DEADLINE_MS = 20 * 60_000;
const UNPACK_DEADLINE_MS = 5 * 60_000;

/**
 * Downloads the pinned release and verifies it against its published sha256, into the cache. MESHPROOF_RELEASES names
 * another server with the same paths as github.com.
 */
export const release: Strategy = {
  source: 'release',
  decisive: false,
  async find(tool, context) {
    const platform = releasePlatform(process.platform, process.arch);
    const entry = cacheEntry(tool, context);
    const asset = platform && tool.release.asset(entry.version, platform);
    if (!asset) return { reason: `there is none for ${process.platform} on ${process.arch}` };
    await mkdir(dirname(entry.dir), { recursive: true });
    const waiting = () => context.progress(`${tool.name}: another run is fetching it; waiting`);
    const options = { waiting, deadlineMs: LOCK_DEADLINE_MS, signal: context.signal };
    return withLock(`${entry.dir}.lock`, options, async () => {
      // Another run may have fetched it while this one waited.
      if (isExecutable(entry.file)) return { candidates: [entry.file], source: cache.source };
      const failure = await fetchRelease(tool, asset, entry, context);
      return failure === null ? { candidates: [entry.file] } : { reason: failure };
    });
  },
};

export function releasePlatform(platform: NodeJS.Platform, arch: string): ReleasePlatform | null {
  const os = platform === 'linux' || platform === 'darwin' ? platform : null;
  const cpu = arch === 'x64' ? 'amd64' : arch === 'arm64' ? arch : null;
  return os && cpu && { os, arch: cpu };
}

/** Returns what went wrong, or null. The entry appears whole or not at all. */
async function fetchRelease(
  tool: ToolSpec,
  asset: ReleaseAsset,
  entry: CacheEntry,
  context: ToolContext,
): Promise<string | null> {
  const folder = `${context.env.MESHPROOF_RELEASES || GITHUB}/${asset.folder}`;
  const temporary = await mkdtemp(`${entry.dir}.part-`);
  await using downloader = new Downloader(context.signal);
  try {
    // First: it is small, and tells soon whether there is a way out.
    const published = sha256Of(asset.file, await downloader.text(`${folder}/${asset.checksums}`));
    if (published === null) return `${folder}/${asset.checksums} has no sha256 of ${asset.file}`;
    const pinned = pinOf(tool, context.toolsDir).sha256[asset.file] ?? published;
    if (pinned !== published) return `${asset.file}: its published sha256 ${published} is not the pinned ${pinned}`;
    context.progress(`${tool.name} ${entry.version}: downloading ${folder}/${asset.file} (once)`);
    const file = join(temporary, asset.inArchive === null ? tool.name : 'archive');
    const sha256 = await downloader.file(`${folder}/${asset.file}`, file);
    if (sha256 !== published) return `${asset.file}: its sha256 is ${sha256}, and ${published} is published`;
    if (asset.inArchive !== null) {
      const failure = await unpack(file, asset.inArchive, temporary, context);
      if (failure) return failure;
    }
    await chmod(join(temporary, tool.name), 0o755);
    await rm(entry.dir, { recursive: true, force: true });
    await rename(temporary, entry.dir);
    context.progress(`${tool.name} ${entry.version}: downloaded and verified`);
    return null;
  } catch (error) {
    context.signal?.throwIfAborted();
    return (error as Error).message;
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}

/** Of a list such as sha256sum writes, or of a file that has nothing but the one sum. */
export function sha256Of(file: string, checksums: string): string | null {
  const lines = checksums
    .split('\n')
    .map((line) => line.trim().match(/^([0-9a-f]{64})(?:\s+\*?(?:\.\/)?(\S+))?$/i))
    .filter((match) => match !== null);
  const named = lines.find((match) => match[2] === file);
  const found = named ?? (lines.length === 1 && lines[0]![2] === undefined ? lines[0] : undefined);
  return found?.[1]?.toLowerCase() ?? null;
}

/** The program alone, out of its folder. Returns what went wrong, or null. */
async function unpack(archive: string, member: string, to: string, context: ToolContext): Promise<string | null> {
  const depth = member.split('/').length - 1;
  const args = ['-xf', archive, '-C', to, '--strip-components', String(depth), member];
  const output = await runCommand('tar', args, {
    deadlineMs: UNPACK_DEADLINE_MS,
    env: context.env,
    signal: context.signal,
  });
  if (output.code !== 0) return `tar can't unpack it: ${output.error?.message ?? printed(output)}`;
  await rm(archive);
  return null;
}
