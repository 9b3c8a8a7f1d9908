import { randomBytes } from 'node:crypto';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { cacheDir } from '../../../../core/cache-dir.ts';
import type { KubernetesObject } from '../../../kubernetes/contract.ts';
import { type Definitions, definitionsOf } from './definitions.ts';

/** The definitions of a version in the cache, as JSON: a release's YAML takes a second to parse. */
export function cacheFile(version: string, env: NodeJS.ProcessEnv): string {
  return join(cacheDir(env), 'gateway-api', `${version}.json`);
}

/** @throws Error when it is not there or was changed */
export async function readCache(file: string): Promise<Definitions> {
  const cached = JSON.parse(await readFile(file, 'utf8')) as { digest: string; objects: KubernetesObject[] };
  const definitions = definitionsOf(cached.objects);
  if (definitions.digest !== cached.digest) throw new Error('it was changed');
  return definitions;
}

/** Nothing happens where it can't be written: the next run looks elsewhere again. */
export async function writeCache(file: string, { digest, objects }: Definitions): Promise<void> {
  const temporary = `${file}.${randomBytes(4).toString('hex')}`;
  try {
    await mkdir(dirname(file), { recursive: true });
    await writeFile(temporary, JSON.stringify({ digest, objects }));
    await rename(temporary, file);
  } catch {
    await rm(temporary, { force: true }).catch(() => {});
  }
}
