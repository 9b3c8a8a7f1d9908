import { type CommandOutput, runCommand } from '../../core/run-command.ts';
import { searchPath } from '../../core/search-path.ts';
import { dockerAbsent, dockerError } from './docker-errors.ts';
import { withMirror, withoutDigest } from './image-name.ts';

/** For anything that neither pulls nor builds. */
const DEADLINE_MS = 120_000;
const LONG_DEADLINE_MS = 30 * 60_000;
const CONNECT_DEADLINE_MS = 20_000;

export interface DockerOptions {
  signal?: AbortSignal | undefined;
  /** Default: 120 s; of pull and build 30 min. */
  deadlineMs?: number;
  cwd?: string;
}

export interface BuildOptions extends DockerOptions {
  /** Folder of the build. */
  context: string;
  /** Default: `Dockerfile` in the context. */
  dockerfile?: string | undefined;
  target?: string | undefined;
  tag: string;
  args?: Record<string, string>;
}

/** A container engine, through its CLI, so that contexts, DOCKER_HOST and credentials are the user's. */
export interface Docker {
  /** Version of the engine. */
  readonly version: string;
  /** Any command, whatever its exit code. @throws HarnessError DOCKER_ABSENT; the signal's reason */
  run(args: string[], options?: DockerOptions): Promise<CommandOutput>;
  /** What a command printed to stdout. @throws HarnessError DOCKER_FAILED, DOCKER_NOT_RUNNING, DOCKER_NO_PERMISSION */
  text(args: string[], options?: DockerOptions): Promise<string>;
  /** The id of an image in the local store; null when there is none of that name (and digest). */
  imageId(name: string, options?: DockerOptions): Promise<string | null>;
  /**
   * The name by which the local store has an image: a digest that was verified when the image was pulled through a mirror is
   * known under the mirror's name only, so the name without it is returned. null when it is not there.
   */
  localName(name: string, options?: DockerOptions): Promise<string | null>;
  /**
   * Pulls an image; through a mirror (`host[:port][/path]`), when one is given, under its own name all the same.
   * @throws HarnessError DOCKER_FAILED with what the registry said
   */
  pull(name: string, options?: DockerOptions & { mirror?: string | null }): Promise<void>;
  /** @throws HarnessError DOCKER_FAILED with the last lines of the build */
  build(options: BuildOptions): Promise<void>;
  tag(name: string, as: string, options?: DockerOptions): Promise<void>;
  /** What a program printed to stdout in a container. @throws HarnessError DOCKER_FAILED when its exit code is not 0 */
  exec(container: string, argv: string[], options?: DockerOptions): Promise<string>;
  /** Copies a file or folder out of an image. @returns false when the image has none at that path */
  copyFromImage(image: string, path: string, to: string, options?: DockerOptions): Promise<boolean>;
}

/**
 * Finds the CLI and asks the engine for its version.
 * @throws HarnessError DOCKER_ABSENT, DOCKER_NOT_RUNNING, DOCKER_NO_PERMISSION, DOCKER_FAILED
 */
export async function connectDocker(
  options: { env?: NodeJS.ProcessEnv; signal?: AbortSignal | undefined } = {},
): Promise<Docker> {
  const env = options.env ?? process.env;
  const [file] = searchPath(process.platform === 'win32' ? 'docker.exe' : 'docker', env);
  if (!file) throw dockerAbsent();
  const args = ['version', '--format', '{{.Server.Version}}'];
  const output = await runCommand(file, args, { deadlineMs: CONNECT_DEADLINE_MS, env, signal: options.signal });
  if (output.code !== 0) throw dockerError(args, output);
  return new DockerCli(file, env, output.stdout.trim());
}

class DockerCli implements Docker {
  readonly version: string;
  readonly #file: string;
  readonly #env: NodeJS.ProcessEnv;

  constructor(file: string, env: NodeJS.ProcessEnv, version: string) {
    this.#file = file;
    this.#env = env;
    this.version = version;
  }

  async run(args: string[], options: DockerOptions = {}): Promise<CommandOutput> {
    const { signal, cwd, deadlineMs = DEADLINE_MS } = options;
    const output = await runCommand(this.#file, args, {
      ...{ deadlineMs, env: this.#env, signal },
      ...(cwd === undefined ? {} : { cwd }),
    });
    if ((output.error as NodeJS.ErrnoException | undefined)?.code === 'ENOENT') throw dockerAbsent();
    return output;
  }

  async text(args: string[], options?: DockerOptions): Promise<string> {
    const output = await this.run(args, options);
    if (output.code !== 0) throw dockerError(args, output);
    return output.stdout;
  }

  async imageId(name: string, options?: DockerOptions): Promise<string | null> {
    return (await this.#image(name, options))?.id ?? null;
  }

  async localName(name: string, options?: DockerOptions): Promise<string | null> {
    return (await this.#image(name, options))?.name ?? null;
  }

  async #image(name: string, options?: DockerOptions): Promise<{ id: string; name: string } | null> {
    const exact = await this.#inspect(name, options);
    if (exact) return { id: exact.id, name };
    const { bare, digest } = withoutDigest(name);
    if (digest === null) return null;
    const tagged = await this.#inspect(bare, options);
    return tagged?.digests.includes(digest) ? { id: tagged.id, name: bare } : null;
  }

  async #inspect(name: string, options?: DockerOptions): Promise<{ id: string; digests: string[] } | null> {
    const args = ['image', 'inspect', '--format', '{{.Id}} {{json .RepoDigests}}', name];
    const output = await this.run(args, options);
    if (output.code === 0) {
      const [, id = '', digests = '[]'] = output.stdout.match(/^(\S+) (.*)/) ?? [];
      const names = (JSON.parse(digests) ?? []) as string[];
      return { id, digests: names.map((text) => text.slice(text.indexOf('@') + 1)) };
    }
    if (/no such image/i.test(output.stderr)) return null;
    throw dockerError(args, output);
  }

  async pull(name: string, options: DockerOptions & { mirror?: string | null } = {}): Promise<void> {
    const { mirror, ...rest } = options;
    const long = { deadlineMs: LONG_DEADLINE_MS, ...rest };
    if (!mirror) {
      await this.text(['pull', '--quiet', name], long);
      return;
    }
    const from = withMirror(name, mirror);
    await this.text(['pull', '--quiet', from], long);
    await this.tag(from, withoutDigest(name).bare, rest);
  }

  async build(options: BuildOptions): Promise<void> {
    const { context, dockerfile, target, tag, args = {}, ...rest } = options;
    const line = [
      'build',
      ...(dockerfile === undefined ? [] : ['--file', dockerfile]),
      ...(target === undefined ? [] : ['--target', target]),
      ...['--tag', tag],
      ...Object.entries(args).flatMap(([key, value]) => ['--build-arg', `${key}=${value}`]),
      context,
    ];
    await this.text(line, { deadlineMs: LONG_DEADLINE_MS, ...rest });
  }

  async tag(name: string, as: string, options?: DockerOptions): Promise<void> {
    await this.text(['tag', name, as], options);
  }

  exec(container: string, argv: string[], options?: DockerOptions): Promise<string> {
    return this.text(['exec', container, ...argv], options);
  }

  async copyFromImage(image: string, path: string, to: string, options?: DockerOptions): Promise<boolean> {
    // The command is never run; an image without entrypoint needs one all the same.
    const create = await this.text(
      ['create', '--label', 'app.kubernetes.io/managed-by=meshproof', image, 'none'],
      options,
    );
    const container = create.trim();
    try {
      const args = ['cp', `${container}:${path}`, to];
      const output = await this.run(args, options);
      if (output.code === 0) return true;
      if (/could not find the file|no such container:path/i.test(output.stderr)) return false;
      throw dockerError(args, output);
    } finally {
      // Whatever was aborted: this must be gone.
      await this.run(['rm', '--force', '--volumes', container]);
    }
  }
}
