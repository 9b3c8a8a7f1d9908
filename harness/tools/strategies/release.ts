import { chmod, mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { withLock } from '../../core/lock.ts';
import { isExecutable } from '../../core/search-path.ts';
import { takeProgram } from '../archive/take.ts';
import { type CacheEntry, cacheEntry } from '../cache.ts';
import type { ReleaseAsset, ReleasePlatform, ToolSpec } from '../catalogue.ts';
import { Downloader } from '../download/downloader.ts';
import { reason } from '../download/reason.ts';
import { pinOf } from '../pin.ts';
import type { Strategy, ToolContext } from '../strategy.ts';
import { cache } from './cache.ts';

const LOCK_DEADLINE_MS = 20 * 60_000;

/**
 * Downloads the release that is pinned, or wanted, and verifies it against its published sha256, into the cache. MESHPROOF_RELEASES names
 * another server with the same paths as github.com, or a folder with them (docs/air-gapped.md).
 */
export const release: Strategy = releases(process.platform, process.arch);

export function releases(os: NodeJS.Platform, arch: string): Strategy {
  return {
    source: 'release',
    decisive: false,
    async find(tool, context) {
      const platform = releasePlatform(os, arch);
      const entry = cacheEntry(tool, context);
      const asset = platform && tool.release.asset(entry.version, platform);
      if (!asset) return { reason: `there is none for ${os} on ${arch}` };
      const noCache = await madeFolder(dirname(entry.dir));
      if (noCache) return { reason: noCache };
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
}

export function releasePlatform(platform: NodeJS.Platform, arch: string): ReleasePlatform | null {
  const os = platform === 'linux' || platform === 'darwin' ? platform : null;
  const cpu = arch === 'x64' ? 'amd64' : arch === 'arm64' ? arch : null;
  return os && cpu && { os, arch: cpu };
}

/** Returns why it can't be made, or null. */
async function madeFolder(path: string): Promise<string | null> {
  try {
    await mkdir(path, { recursive: true });
    return null;
  } catch (error) {
    return `the cache ${path} can't be made: ${reason(error)}; XDG_CACHE_HOME names another place`;
  }
}

/** Returns what went wrong, or null. The entry appears whole or not at all. */
async function fetchRelease(
  tool: ToolSpec,
  asset: ReleaseAsset,
  entry: CacheEntry,
  context: ToolContext,
): Promise<string | null> {
  await dropAbandonedParts(entry);
  const temporary = await mkdtemp(`${entry.dir}.part-`);
  try {
    await using downloader = new Downloader(context.env, context.signal);
    const failure = await fetchInto(temporary, downloader, tool, asset, entry, context);
    if (failure) return failure;
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

/** The program, ready to run. Returns what is wrong with it, or null. @throws Error when it can't be had */
async function fetchInto(
  dir: string,
  downloader: Downloader,
  tool: ToolSpec,
  asset: ReleaseAsset,
  entry: CacheEntry,
  context: ToolContext,
): Promise<string | null> {
  const what = `${tool.name} ${entry.version}`;
  const path = (file: string) => `${asset.folder}/${file}`;
  // First: it is small, and tells soon whether there is a way out.
  const published = sha256Of(asset.file, await downloader.text(path(asset.checksums)));
  if (published === null) return `${downloader.nameOf(path(asset.checksums))} has no sha256 of ${asset.file}`;
  const pinned = pinOf(tool, context.toolsDir, context.version).sha256[asset.file] ?? published;
  if (pinned !== published) return `${asset.file}: its published sha256 ${published} is not the pinned ${pinned}`;
  context.progress(`${what}: downloading ${downloader.nameOf(path(asset.file))} (once)`);
  const program = join(dir, tool.name);
  const file = asset.inArchive === null ? program : join(dir, 'archive');
  const sha256 = await downloader.file(path(asset.file), file, (so) => context.progress(`${what}: ${so}`));
  if (sha256 !== published) return `${asset.file}: its sha256 is ${sha256}, and ${published} is published`;
  if (asset.inArchive !== null) {
    await takeProgram({ name: asset.file, path: file }, asset.inArchive, program);
    await rm(file);
  }
  await chmod(program, 0o755);
  return null;
}

/** What a run that was killed has left. Whoever has the lock is the only one who has such a folder. */
async function dropAbandonedParts(entry: CacheEntry): Promise<void> {
  const [folder, name] = [dirname(entry.dir), `${basename(entry.dir)}.part-`];
  const left = (await readdir(folder)).filter((other) => other.startsWith(name));
  await Promise.all(left.map((other) => rm(join(folder, other), { recursive: true, force: true })));
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
