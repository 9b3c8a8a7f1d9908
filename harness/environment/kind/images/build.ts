import { createHash } from 'node:crypto';
import { chmod, copyFile, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { HarnessError } from '../../../core/errors.ts';
import { projectFile } from '../../../core/project.ts';
import { printed } from '../../../core/run-command.ts';
import type { StepContext } from '../contract.ts';
import { seconds } from './report.ts';

/** Without a network nothing in it takes longer than some seconds; the target proxy may install iptables. */
const DEADLINE_MS = 15 * 60_000;
const LAST_LINES = 12;

/** Folder of the Dockerfiles. */
export const DOCKERFILES = projectFile('kind-config/images');

/** One file of a build's context: its text, or a program of this machine, which is known by what is said of it. */
export type ContextFile = { text: string } | { program: string; identity: string };

export interface BuildSpec {
  /** Without tag: `meshproof/service`. */
  repository: string;
  /** Goes before the hash in the tag, for whoever reads a list of images: a version. */
  version?: string;
  /** A file in kind-config/images. */
  dockerfile: string;
  /** Build arguments, and what makes their value the same or another: an image's id, not its name. */
  args: Record<string, { value: string; identity: string }>;
  /** Everything that the Dockerfile copies. */
  files: Record<string, ContextFile>;
}

/**
 * Builds an image unless the local store has it. Its tag is a hash of everything that goes into it, so that what is unchanged
 * is neither built nor loaded again.
 * @returns its name with tag
 * @throws HarnessError IMAGE_BUILD_FAILED with the last lines of the build
 */
export async function buildImage(spec: BuildSpec, context: StepContext): Promise<string> {
  const dockerfile = await readFile(join(DOCKERFILES, spec.dockerfile), 'utf8');
  const tag = [spec.version, contentHash(spec, dockerfile)].filter((part) => part !== undefined).join('-');
  const name = `${spec.repository}:${tag}`;
  if (await context.docker.imageId(name)) return name;
  const from = performance.now();
  const folder = await mkdtemp(join(tmpdir(), 'meshproof-image-'));
  context.registration.addDir(folder);
  try {
    await writeFile(join(folder, 'Dockerfile'), dockerfile);
    for (const [file, content] of Object.entries(spec.files)) await put(join(folder, file), content);
    await build(name, folder, spec, context);
  } finally {
    await rm(folder, { recursive: true, force: true });
    context.registration.removeDir(folder);
  }
  context.note(`image ${name}: built in ${seconds(from)}`);
  return name;
}

/** By the builder that the engine has; what it prints of a failing step may be on either stream. */
async function build(name: string, folder: string, spec: BuildSpec, context: StepContext): Promise<void> {
  const args = Object.entries(spec.args).flatMap(([key, arg]) => ['--build-arg', `${key}=${arg.value}`]);
  const output = await context.docker.run(['build', '--tag', name, ...args, folder], {
    deadlineMs: DEADLINE_MS,
    signal: context.signal,
  });
  if (output.code === 0) return;
  const lines = printed(output).split('\n').slice(-LAST_LINES).join('\n');
  const said = output.error ? `${output.error.message}\n${lines}` : lines;
  throw new HarnessError(
    'IMAGE_BUILD_FAILED',
    `docker build of ${name} (kind-config/images/${spec.dockerfile}):\n${said}`,
    {
      hint: 'a base without glibc, libstdc++, /bin/sh or (for the proxy, without a network) iptables will not do; another one: --base-image',
      cause: output.error,
    },
  );
}

/** 12 hexadecimal digits that change with whatever would make another image. */
export function contentHash(spec: BuildSpec, dockerfile: string): string {
  const parts: string[] = [dockerfile];
  for (const [key, arg] of sorted(spec.args)) parts.push(key, arg.identity);
  for (const [file, content] of sorted(spec.files)) {
    parts.push(file, 'text' in content ? content.text : content.identity);
  }
  const hash = createHash('sha256');
  for (const part of parts) hash.update(`${Buffer.byteLength(part)}:`).update(part);
  return hash.digest('hex').slice(0, 12);
}

/** A program's identity without reading it whole. */
export async function programIdentity(file: string, version: string): Promise<string> {
  const { size, mtimeMs } = await stat(file);
  return `${version} ${size} ${Math.round(mtimeMs)}`;
}

function sorted<T>(record: Record<string, T>): [string, T][] {
  return Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1));
}

async function put(path: string, content: ContextFile): Promise<void> {
  try {
    if ('text' in content) await writeFile(path, content.text);
    else await copyFile(content.program, path);
    // Whatever the modes are here: the image's user is another.
    await chmod(path, 'text' in content ? 0o644 : 0o755);
  } catch (cause) {
    const what = 'text' in content ? path : content.program;
    throw new HarnessError('IMAGE_BUILD_FAILED', `${what} can't be put into an image: ${(cause as Error).message}`, {
      hint: 'check that it can be read, and that there is space for temporary files',
      cause,
    });
  }
}
