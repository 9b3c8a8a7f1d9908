import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { printed, runCommand } from '../../../core/run-command.ts';
import type { ToolName } from '../../catalogue.ts';
import { resolveTool } from '../../resolve.ts';
import { cache } from '../../strategies/cache.ts';
import { given } from '../../strategies/given.ts';
import { path } from '../../strategies/path.ts';
import { TOOL_IMAGES, type ToolImage } from '../images.ts';
import { findImage } from '../store.ts';

const DOCKERFILES = fileURLToPath(new URL('../../../../kind-config/images/', import.meta.url));
/** The base that kind-config/versions.yaml pins. */
const PINNED_BASE = 'node:24-bookworm-slim';

/** An image that the local store has, to build others on: the one that the machine names, or the pinned one. */
export async function baseInStore(env = process.env): Promise<{ base: string } | { reason: string }> {
  const base = env.MESHPROOF_BASE_IMAGE ?? PINNED_BASE;
  const found = await findImage(base);
  if (found === 'there') return { base };
  if (found !== 'missing') return found;
  return { reason: `Docker's store has no ${base}; name another base by MESHPROOF_BASE_IMAGE` };
}

/** An image of a tool, made of the program of this machine. Removed with the last test. */
export interface MadeImage extends AsyncDisposable {
  image: ToolImage;
}

/** @throws Error when the program is not there or the build fails */
export async function makeImage(name: ToolName & ('k6' | 'prometheus'), base: string): Promise<MadeImage> {
  const tool = await resolveTool(name, { strategies: [given, path, cache] });
  const tag = `meshproof-test/${name}:${process.pid}`;
  const dir = await mkdtemp(join(tmpdir(), 'meshproof-test-image-'));
  try {
    await copyFile(join(DOCKERFILES, `${name}.Dockerfile`), join(dir, 'Dockerfile'));
    await copyFile(tool.path, join(dir, name));
    const output = await runCommand('docker', ['build', '--tag', tag, '--build-arg', `BASE=${base}`, dir], {
      deadlineMs: 120_000,
    });
    if (output.code !== 0) throw new Error(printed(output));
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
  return {
    image: { name: () => tag, program: TOOL_IMAGES[name]!.program },
    async [Symbol.asyncDispose]() {
      await runCommand('docker', ['image', 'rm', '--force', tag], { deadlineMs: 30_000 });
    },
  };
}

/** Ids of the containers that carry all these labels, whatever their state. */
export async function containersWith(labels: Record<string, string>): Promise<string[]> {
  const filters = Object.entries(labels).flatMap(([key, value]) => ['--filter', `label=${key}=${value}`]);
  const output = await runCommand('docker', ['ps', '--all', '--quiet', ...filters], { deadlineMs: 30_000 });
  return output.stdout.split('\n').filter((id) => id !== '');
}
