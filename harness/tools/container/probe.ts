import { readFileSync, readlinkSync, statSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe } from '../../core/errors.ts';
import type { ToolSpec } from '../catalogue.ts';
import { startContainer } from './start.ts';

const DEADLINE_MS = 30_000;
const NAMESPACE = '/proc/self/ns/net';
const BOOT = '/proc/sys/kernel/random/boot_id';

/** What a container sees of this machine, in lines, and the tool's version. */
const LOOK = `
echo "boot $(cat ${BOOT})"
echo "net $(readlink ${NAMESPACE})"
: > written
exec "$@"
`;

/**
 * Whether the containers of this Docker share this machine's network, files and user: those of a Docker elsewhere (another
 * host, a virtual machine as in Docker Desktop, or when we are in a container ourselves) do not.
 * @returns what the tool prints about its version, or why it can't be used
 * @throws the signal's reason when aborted
 */
export async function probe(
  tool: ToolSpec,
  image: string,
  program: string,
  signal?: AbortSignal,
): Promise<{ printed: string } | { reason: string }> {
  const dir = await mkdtemp(join(tmpdir(), 'meshproof-container-'));
  try {
    await using container = await startContainer(image, ['/bin/sh', '-c', LOOK, 'sh', program], {
      name: `${tool.name} --version`,
      args: tool.versionArgs,
      cwd: dir,
      logFile: join(dir, 'output'),
    });
    const stop = () => void container.stop(0, 'SIGKILL');
    const timer = setTimeout(stop, DEADLINE_MS);
    signal?.addEventListener('abort', stop, { once: true });
    const exit = await container.exited;
    clearTimeout(timer);
    signal?.removeEventListener('abort', stop);
    signal?.throwIfAborted();
    const printed = await readFile(container.logFile, 'utf8');
    if (exit.code !== 0) {
      const lines = printed
        .trim()
        .split('\n')
        .filter((line) => !/^(?:boot|net) /.test(line));
      const said = exit.error?.message ?? lines.at(-1) ?? `exit code ${exit.code}`;
      return { reason: `${image} can't be run: ${said}` };
    }
    const apart = apartFrom(printed, join(dir, 'written'));
    return apart ? { reason: `containers of this Docker ${apart}` } : { printed };
  } catch (error) {
    signal?.throwIfAborted();
    return { reason: describe(error).split('\n')[0]! };
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

/** What keeps the container from what it needs of this machine; null: nothing. */
function apartFrom(printed: string, file: string): string | null {
  const said = (name: string) => printed.match(new RegExp(`^${name} (.+)$`, 'm'))?.[1];
  if (said('boot') !== readFileSync(BOOT, 'utf8').trim()) {
    return 'run on another machine (or a virtual one), which does not see the loopback addresses of this one';
  }
  if (said('net') !== readlinkSync(NAMESPACE)) return 'do not see the loopback addresses of this machine';
  const written = statSync(file, { throwIfNoEntry: false });
  if (!written) return `do not see the files of this machine (${tmpdir()})`;
  if (written.uid !== process.getuid?.()) return `write files as another user (${written.uid})`;
  return null;
}
