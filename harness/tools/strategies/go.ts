import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { withLock } from '../../core/lock.ts';
import { printed, runCommand } from '../../core/run-command.ts';
import { isExecutable, searchPath } from '../../core/search-path.ts';
import { type CacheEntry, cacheEntry } from '../cache.ts';
import type { GoBuild, ToolSpec } from '../catalogue.ts';
import { pinOf } from '../pin.ts';
import type { Strategy, ToolContext } from '../strategy.ts';
import { cache } from './cache.ts';

const DEADLINE_MS = 45 * 60_000;
const REMIND_EVERY_MS = 15_000;

/** Builds the version that the tool's go.mod pins, into the cache. Needs no network when Go's module cache has everything. */
export const go: Strategy = {
  source: 'go',
  decisive: false,
  async find(tool, context) {
    if (!tool.go) return { reason: `${tool.name} can't be built from a module` };
    const go = tool.go;
    const { version } = pinOf(tool, context.toolsDir);
    if ((context.version ?? version) !== version) return { reason: `the modules in tools/ are of ${version}` };
    const [goFile] = searchPath(process.platform === 'win32' ? 'go.exe' : 'go', context.env);
    if (!goFile) return { reason: 'there is no go on PATH' };
    const entry = cacheEntry(tool, context);
    await mkdir(dirname(entry.dir), { recursive: true });
    const waiting = () => context.progress(`${tool.name}: another run is building it; waiting`);
    return withLock(`${entry.dir}.lock`, { waiting, deadlineMs: DEADLINE_MS, signal: context.signal }, async () => {
      // Another run may have built it while this one waited.
      if (isExecutable(entry.file)) return { candidates: [entry.file], source: cache.source };
      const failure = await build(goFile, { ...tool, go }, entry, context);
      return failure ? { reason: failure } : { candidates: [entry.file] };
    });
  },
};

type Buildable = ToolSpec & { go: GoBuild };

/** Returns what went wrong, or null. The entry appears whole or not at all. */
async function build(goFile: string, tool: Buildable, entry: CacheEntry, context: ToolContext): Promise<string | null> {
  const began = performance.now();
  const seconds = () => `${Math.round((performance.now() - began) / 1000)} s`;
  const what = `${tool.name} ${entry.version}`;
  context.progress(
    `${what}: building with ${goFile} (once; usually about ${tool.go.usualSeconds} s on two cores, more when modules must be fetched)`,
  );
  const reminder = setInterval(() => context.progress(`${what}: still building, ${seconds()} so far`), REMIND_EVERY_MS);
  const temporary = await mkdtemp(`${entry.dir}.part-`);
  try {
    const output = await runCommand(goFile, buildArgs(tool, entry, join(temporary, tool.name)), {
      deadlineMs: DEADLINE_MS,
      cwd: join(context.toolsDir, tool.go.dir),
      // Exactly what go.mod and go.sum say, without a C compiler and whatever the user's own settings are.
      env: { ...context.env, GOFLAGS: '-mod=readonly', GOWORK: 'off', CGO_ENABLED: '0' },
      signal: context.signal,
    });
    if (output.code !== 0) {
      const said = output.error?.message ?? printed(output).split('\n').slice(-4).join(' | ');
      return `${goFile} build failed after ${seconds()}: ${said}`;
    }
    await rm(entry.dir, { recursive: true, force: true });
    await rename(temporary, entry.dir);
    context.progress(`${what}: built in ${seconds()}`);
    return null;
  } finally {
    clearInterval(reminder);
    await rm(temporary, { recursive: true, force: true });
  }
}

function buildArgs(tool: Buildable, entry: CacheEntry, output: string): string[] {
  const linker = ['-s', '-w', ...tool.go.setVersion(entry.version)].join(' ');
  const tags = tool.go.tags.length > 0 ? ['-tags', tool.go.tags.join(',')] : [];
  return ['build', ...tags, '-ldflags', linker, '-o', output, tool.go.package];
}
