import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { cacheDir } from '../core/cache-dir.ts';
import type { ToolSpec } from './catalogue.ts';
import { pinOf } from './pin.ts';

/** Where a program that was built or downloaded is kept. */
export interface CacheEntry {
  /** Folder of the entry; its name changes with whatever would make another program. */
  dir: string;
  file: string;
  version: string;
}

/**
 * The entry of a tool at its pinned version, or at the one that is wanted, whether it is there or not.
 * @throws HarnessError TOOL_NOT_PINNED
 */
export function cacheEntry(
  tool: ToolSpec,
  context: { env: NodeJS.ProcessEnv; toolsDir: string; version?: string },
): CacheEntry {
  const { version, pinned, sums } = pinOf(tool, context.toolsDir, context.version);
  const platform = `${process.platform}-${process.arch}`;
  const build = tool.go ? [tool.go.tags.join(','), tool.go.setVersion(version).join(' ')] : [];
  const key = createHash('sha256')
    .update([pinned, platform, ...build, ...sums].join('\n'))
    .digest('hex')
    .slice(0, 12);
  const dir = join(cacheDir(context.env), 'tools', `${tool.name}-${version}-${key}`);
  return { dir, file: join(dir, tool.name), version };
}
