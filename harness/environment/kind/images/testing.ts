import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe } from '../../../core/errors.ts';
import type { CommandOutput } from '../../../core/run-command.ts';
import type { ResolvedTool } from '../../../core/tool.ts';
import { DEFAULT_KIND_OPTIONS, type KindOptions } from '../../contract.ts';
import type { StepContext } from '../contract.ts';
import { connectDocker, type Docker } from '../docker.ts';
import { readVersions } from '../versions.ts';

/** A Docker that does nothing but remember what it was asked; its store is a map of names to ids. */
export class StandInDocker implements Docker {
  readonly version = '0';
  readonly store = new Map<string, { id: string; env?: string[]; architecture?: string }>();
  readonly asked: string[] = [];
  /** Names that a registry has. */
  readonly registry = new Set<string>();
  /** What `docker build` answers; default: success. */
  buildOutput: Partial<CommandOutput> = { code: 0 };
  /** What the node's containerd lists. */
  nodeImages: string[] = [];

  async run(args: string[]): Promise<CommandOutput> {
    this.asked.push(args.join(' '));
    const output: CommandOutput = { code: 0, stdout: '', stderr: '', ...this.buildOutput };
    if (args[0] === 'build' && output.code === 0) this.store.set(args[2]!, { id: `sha256:${this.store.size}` });
    return output;
  }

  async text(args: string[]): Promise<string> {
    this.asked.push(args.join(' '));
    if (args[1] === 'ls') return [...this.store.keys()].filter((name) => name.startsWith(`${args[3]}:`)).join('\n');
    const image = this.store.get(args.at(-1)!)!;
    return JSON.stringify({
      Id: image.id,
      Architecture: image.architecture ?? 'amd64',
      Config: { Env: image.env ?? [] },
    });
  }

  async imageId(name: string): Promise<string | null> {
    return this.store.get(name)?.id ?? null;
  }

  async localName(name: string): Promise<string | null> {
    return this.store.has(name) ? name : null;
  }

  async pull(name: string, options: { mirror?: string | null } = {}): Promise<void> {
    this.asked.push(`pull ${name}${options.mirror ? ` from ${options.mirror}` : ''}`);
    if (!this.registry.has(name)) throw new Error('docker pull failed:\nno such host');
    this.store.set(name, { id: `sha256:pulled-${name}` });
  }

  async tag(name: string, as: string): Promise<void> {
    this.asked.push(`tag ${name} ${as}`);
    this.store.set(as, this.store.get(name)!);
  }

  async exec(): Promise<string> {
    return this.nodeImages.join('\n');
  }

  async build(): Promise<void> {
    throw new Error('not used');
  }

  async copyFromImage(): Promise<boolean> {
    throw new Error('not used');
  }

  /** Names of the images that were built, without what their tags begin with. */
  get built(): string[] {
    return this.asked.filter((line) => line.startsWith('build ')).map((line) => line.split(' ')[2]!);
  }
}

export interface StandInContext extends StepContext, Disposable {
  docker: StandInDocker;
  notes: string[];
}

/** Docker and an image in its store to build on, or why tests with real images can't be run here. */
export async function imageGround(): Promise<{ docker: Docker; base: string } | { reason: string }> {
  try {
    const docker = await connectDocker();
    const base = process.env.MESHPROOF_BASE_IMAGE ?? (await readVersions()).images.base;
    if ((await docker.localName(base)) !== null) return { docker, base };
    return { reason: `Docker's store has no ${base}; name another base by MESHPROOF_BASE_IMAGE` };
  } catch (error) {
    return { reason: describe(error) };
  }
}

/** A context with a stand-in for Docker; `tools`: what `context.tool` finds. */
export async function standInContext(
  options: Partial<KindOptions> = {},
  tools: Partial<Record<string, Partial<ResolvedTool>>> = {},
): Promise<StandInContext> {
  const dir = mkdtempSync(join(tmpdir(), 'meshproof-test-images-'));
  const notes: string[] = [];
  return {
    runId: 'test',
    dir,
    docker: new StandInDocker(),
    versions: await readVersions(),
    options: { ...DEFAULT_KIND_OPTIONS, ...options },
    notes,
    note: (line) => notes.push(line),
    progress: () => {},
    signal: new AbortController().signal,
    registration: { addDir: () => {}, removeDir: () => {} } as unknown as StepContext['registration'],
    async tool(name) {
      const tool = tools[name];
      if (!tool) throw new Error(`there is no usable ${name}`);
      return { name, version: '1.0.0', source: 'PATH', path: `/nowhere/${name}`, ...tool };
    },
    [Symbol.dispose]: () => rmSync(dir, { recursive: true, force: true }),
  };
}
