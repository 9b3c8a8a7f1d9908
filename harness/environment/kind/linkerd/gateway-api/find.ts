import { readFile } from 'node:fs/promises';
import { HarnessError } from '../../../../core/errors.ts';
import { cacheFile, readCache, writeCache } from './cache.ts';
import { type Definitions, readDefinitions } from './definitions.ts';
import { type GatewayApiPin, goModule, release, type Source, type SourceContext } from './sources.ts';

/** Environment variable: a manifest to use instead of the pinned release's. */
export const VARIABLE = 'MESHPROOF_GATEWAY_API';

export interface FoundDefinitions extends Definitions {
  /** Where they came from, for the user. */
  source: string;
}

const SOURCES: Source[] = [release, goModule];

/** The manifest that the user names, as it is: whatever version it is of. null: none is named. @throws GATEWAY_API_MISSING */
export async function givenDefinitions(env: NodeJS.ProcessEnv): Promise<FoundDefinitions | null> {
  const file = env[VARIABLE];
  if (!file) return null;
  try {
    return { ...readDefinitions(await readFile(file, 'utf8')), source: file };
  } catch (error) {
    throw new HarnessError('GATEWAY_API_MISSING', `${VARIABLE}=${file}: ${(error as Error).message}`, {
      hint: 'name the file standard-install.yaml of a release of the Gateway API',
      cause: error,
    });
  }
}

/**
 * The definitions of the pinned version: from the cache, the release's file, or the release's Go module; what does not have
 * the pinned version and digest is passed by.
 * @throws HarnessError GATEWAY_API_MISSING with what is wrong with each source; the signal's reason
 */
export async function findDefinitions(pin: GatewayApiPin, context: SourceContext): Promise<FoundDefinitions> {
  const file = cacheFile(pin.version, context.env);
  const looked: string[] = [];
  const attempt = async (source: string, read: () => Promise<Definitions>): Promise<FoundDefinitions | null> => {
    try {
      return { ...accepted(await read(), pin), source };
    } catch (error) {
      context.signal.throwIfAborted();
      looked.push(`${source}: ${(error as Error).message}`);
      return null;
    }
  };
  const cached = await attempt(file, () => readCache(file));
  if (cached) return cached;
  for (const source of SOURCES) {
    const found = await attempt(source.name(pin), async () => readDefinitions(await source.read(pin, context)));
    if (!found) continue;
    await writeCache(file, found);
    return found;
  }
  throw new HarnessError(
    'GATEWAY_API_MISSING',
    `the definitions of the Gateway API ${pin.version}, which Linkerd needs, are nowhere to be had:${looked.map((line) => `\n  ${line}`).join('')}`,
    { hint: `fetch ${pin.manifest} on a machine that can, and name the file with ${VARIABLE}` },
  );
}

function accepted(definitions: Definitions, pin: GatewayApiPin): Definitions {
  if (definitions.version !== pin.version) throw new Error(`it is of version ${definitions.version}`);
  if (pin.sha256 !== null && definitions.digest !== pin.sha256) {
    throw new Error(`its definitions have the digest ${definitions.digest}, pinned is ${pin.sha256}`);
  }
  return definitions;
}
