import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { cacheDir } from '../core/cache-dir.ts';
import { HarnessError } from '../core/errors.ts';
import type { ToolSpec } from './catalogue.ts';

/** Where a program that was built is kept, and what it was built from. */
export interface CacheEntry {
  /** Folder of the entry; its name changes with whatever would make another program. */
  dir: string;
  file: string;
  /** Version of the Go module, `v1.8.1`. */
  moduleVersion: string;
  version: string;
}

/**
 * The entry of a tool at the version that go.mod pins, whether it is there or not.
 * @throws HarnessError TOOL_NOT_PINNED when go.mod does not name it
 */
export function cacheEntry(tool: ToolSpec, context: { env: NodeJS.ProcessEnv; toolsDir: string }): CacheEntry {
  const goMod = readFileSync(join(context.toolsDir, 'go.mod'), 'utf8');
  const goSum = readFileSync(join(context.toolsDir, 'go.sum'), 'utf8');
  const pin = goMod.split('\n').find((line) => line.replace('require', '').trim().startsWith(`${tool.go.module} `));
  const moduleVersion = pin?.match(/\s(v\S+)/)?.[1];
  if (!moduleVersion) {
    throw new HarnessError(
      'TOOL_NOT_PINNED',
      `${join(context.toolsDir, 'go.mod')} names no version of ${tool.go.module}`,
      {
        hint: `restore the file, or give a path with ${tool.variable}`,
      },
    );
  }
  const version = tool.go.version(moduleVersion);
  const platform = `${process.platform}-${process.arch}`;
  const key = createHash('sha256')
    .update([moduleVersion, platform, tool.go.tags.join(','), tool.go.setVersion(version).join(' '), goSum].join('\n'))
    .digest('hex')
    .slice(0, 12);
  const dir = join(cacheDir(context.env), 'tools', `${tool.name}-${version}-${key}`);
  return { dir, file: join(dir, tool.name), moduleVersion, version };
}
