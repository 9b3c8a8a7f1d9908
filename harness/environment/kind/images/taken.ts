import type { ToolName } from '../../../core/tool.ts';
import type { StepContext } from '../contract.ts';
import type { Base } from './base.ts';
import { buildImage, programIdentity } from './build.ts';
import { imageMissing, storedImage, storedOrPulled } from './store.ts';

/** Images of other projects' programs that this machine may have as programs too. */
export type TakenTool = Extract<ToolName, 'prometheus' | 'k6'>;

/**
 * The image of a tool: the pinned one when the local store has it or it can be pulled, else one assembled from the program
 * of this machine, with the same path, user and entrypoint. Where it was assembled before no registry is asked again.
 * @param base awaited only when an image must be assembled
 * @throws HarnessError IMAGE_MISSING, with what became of each way; IMAGE_BUILD_FAILED
 */
export async function takeTool(name: TakenTool, base: Promise<Base>, context: StepContext): Promise<string> {
  const pinned = context.versions.images[name];
  const stored = await storedImage(pinned, context);
  if (stored) return stored.name;
  const looked = ["Docker's local store: not there"];
  const before = await assembledBefore(name, context);
  if (!before) {
    const found = await storedOrPulled(pinned, context);
    if (found.image) return found.image.name;
    looked.push(`pulling it: ${found.reason}`);
  }
  const program = await linuxProgram(name, context);
  if ('reason' in program) {
    throw imageMissing(
      pinned,
      [...looked, `putting it together from the ${name} of this machine: ${program.reason}`],
      `docker pull ${pinned} where a registry is reached, or --registry-mirror, or install ${name} on this machine`,
    );
  }
  if (!before) context.note(`image ${pinned}: ${looked.at(-1)}; put together from ${program.path} instead`);
  const under = await base;
  return buildImage(
    {
      repository: `meshproof/${name}`,
      version: program.version,
      dockerfile: `${name}.Dockerfile`,
      args: { BASE: { value: under.name, identity: under.id } },
      files: { [name]: { program: program.path, identity: await programIdentity(program.path, program.version) } },
    },
    context,
  );
}

async function assembledBefore(name: TakenTool, context: StepContext): Promise<boolean> {
  const ids = await context.docker.text(['image', 'ls', '--quiet', `meshproof/${name}`], { signal: context.signal });
  return ids.trim() !== '';
}

/** The tool as a program that an image can run, or why there is none. */
async function linuxProgram(
  name: TakenTool,
  context: StepContext,
): Promise<{ path: string; version: string } | { reason: string }> {
  if (process.platform !== 'linux') return { reason: `its programs are for ${process.platform}` };
  try {
    const tool = await context.tool(name);
    if (tool.start) return { reason: `it is there as the container image ${tool.path} only` };
    return tool;
  } catch (error) {
    context.signal.throwIfAborted();
    return { reason: (error as Error).message };
  }
}
