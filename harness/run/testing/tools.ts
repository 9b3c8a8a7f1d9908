import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ResolvedTool } from '../../core/tool.ts';
import { resolveTool } from '../../tools/resolve.ts';

/** k6 and Prometheus as the user would get them. */
export async function tools(): Promise<{ k6: ResolvedTool; prometheus: ResolvedTool }> {
  return { k6: await resolveTool('k6'), prometheus: await resolveTool('prometheus') };
}

/** A folder that goes with its scope. */
export async function tempDir(): Promise<AsyncDisposable & { path: string }> {
  const path = await mkdtemp(join(tmpdir(), 'meshproof-test-'));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}
