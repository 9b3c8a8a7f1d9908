import { describe } from '../../core/errors.ts';
import { printed, runCommand } from '../../core/run-command.ts';
import { searchPath } from '../../core/search-path.ts';
import { cacheEntry } from '../cache.ts';
import type { ToolName } from '../catalogue.ts';
import { TOOL_IMAGES, type ToolImage } from '../container/images.ts';
import type { Strategy, ToolContext } from '../strategy.ts';

/** A pull that takes longer than this would not be quicker than the ways that come after it. */
const PULL_DEADLINE_MS = 90_000;

/** The tools' official images. */
export const container: Strategy = containers(TOOL_IMAGES);

/**
 * Images of tools, where Docker answers and its containers share this machine's loopback addresses and files. Needs the
 * image in Docker's store, or a registry.
 */
export function containers(images: Partial<Record<ToolName, ToolImage>>): Strategy {
  return {
    source: 'container',
    decisive: false,
    async find(tool, context) {
      const image = images[tool.name];
      if (!image) return { reason: `${tool.name} can't run in one` };
      const elsewhere = notOfThisMachine(process.platform, context.env);
      if (elsewhere) return { reason: elsewhere };
      const { version } = cacheEntry(tool, context);
      const name = image.name(version);
      const missing = await storedOrPulled(name, context);
      if (missing) return { reason: missing };
      // Here and not above: it takes its time to load, and most runs do without.
      const [{ probe }, { startContainer }] = await Promise.all([
        import('../container/probe.ts'),
        import('../container/start.ts'),
      ]);
      const seen = await probe(tool, name, image.program, context.signal);
      if ('reason' in seen) return seen;
      return {
        tool: {
          path: name,
          version: seen.printed.match(tool.printedVersion)?.[1] ?? version,
          start: (spec) => startContainer(name, [image.program], spec),
        },
      };
    },
  };
}

/** Why containers can't see this machine's loopback addresses, as far as that is known without asking Docker. */
export function notOfThisMachine(platform: NodeJS.Platform, env: NodeJS.ProcessEnv): string | null {
  if (platform !== 'linux') {
    return `on ${platform} containers run in a virtual machine and can't see the loopback addresses of the simulated mesh`;
  }
  const host = env.DOCKER_HOST;
  if (host && !host.startsWith('unix:')) {
    return `DOCKER_HOST is ${host}: containers there can't see the loopback addresses of this machine`;
  }
  return null;
}

/** Why the image can't be had; null when it is in Docker's store. */
async function storedOrPulled(image: string, context: ToolContext): Promise<string | null> {
  const { findImage } = await import('../container/store.ts');
  const found = await findImage(image);
  if (found !== 'missing') return found === 'there' ? null : found.reason;
  const [docker] = searchPath('docker', context.env);
  if (!docker) return `there is no image ${image} in Docker's store, and no docker on PATH to pull it`;
  context.progress(`pulling ${image}`);
  const output = await runCommand(docker, ['pull', '--quiet', image], {
    deadlineMs: PULL_DEADLINE_MS,
    env: context.env,
    signal: context.signal,
  });
  if (output.code === 0) return null;
  const said = output.error ? describe(output.error) : printed(output).split('\n').at(-1);
  return `there is no image ${image} in Docker's store, and it can't be pulled: ${said}`;
}
