import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Child, type ChildExit, startChild } from '../../../core/process.ts';

export interface Ended extends ChildExit {
  /** stdout and stderr. */
  text: string;
}

/** Two network namespaces on one wire: `pod` (10.99.0.2) and `node` (10.99.0.1). */
export class Namespaces implements AsyncDisposable {
  static readonly POD = '10.99.0.2';
  static readonly NODE = '10.99.0.1';
  readonly #id = randomBytes(3).toString('hex');
  readonly #children: Child[] = [];
  readonly #dir: string;

  private constructor(dir: string) {
    this.#dir = dir;
  }

  static async create(): Promise<Namespaces> {
    const made = new Namespaces(await mkdtemp(join(tmpdir(), 'netns-')));
    const [pod, node] = [made.#name('pod'), made.#name('node')];
    const wire = [`mp${made.#id}p`, `mp${made.#id}n`] as const;
    try {
      for (const name of [pod, node]) await made.#ip('netns', 'add', name);
      await made.#ip('-n', pod, 'link', 'add', wire[0], 'type', 'veth', 'peer', 'name', wire[1], 'netns', node);
      for (const [name, device, address] of [
        [pod, wire[0], Namespaces.POD],
        [node, wire[1], Namespaces.NODE],
      ] as const) {
        await made.#ip('-n', name, 'addr', 'add', `${address}/24`, 'dev', device);
        await made.#ip('-n', name, 'link', 'set', device, 'up');
        await made.#ip('-n', name, 'link', 'set', 'lo', 'up');
      }
      return made;
    } catch (error) {
      await made[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Starts a program inside; it ends with the namespaces at the latest. */
  start(where: 'pod' | 'node', file: string, ...args: string[]): Child {
    const child = startChild({
      name: file,
      file: 'ip',
      args: ['netns', 'exec', this.#name(where), file, ...args],
      logFile: join(this.#dir, `${this.#children.length}.log`),
      whenWeDie: 'SIGKILL',
    });
    this.#children.push(child);
    return child;
  }

  /** Runs a program inside to its end. */
  async run(where: 'pod' | 'node', file: string, ...args: string[]): Promise<Ended> {
    return ended(this.start(where, file, ...args));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#children.map((child) => child.stop()));
    for (const where of ['pod', 'node'] as const) {
      await this.#ip('netns', 'del', this.#name(where)).catch(() => {});
    }
    await rm(this.#dir, { recursive: true, force: true });
  }

  #name(where: 'pod' | 'node'): string {
    return `mp-${this.#id}-${where}`;
  }

  async #ip(...args: string[]): Promise<void> {
    const logFile = join(this.#dir, 'ip.log');
    const exit = await startChild({ name: 'ip', file: 'ip', args, logFile }).exited;
    if (exit.code !== 0)
      throw new Error(`ip ${args.join(' ')}: ${await readFile(logFile, 'utf8').catch(() => exit.error)}`);
  }
}

async function ended(child: Child): Promise<Ended> {
  const exit = await child.exited;
  return { ...exit, text: await readFile(child.logFile, 'utf8') };
}

/** Why namespaces cannot be made here; null when they can. */
export async function noNamespaces(): Promise<string | null> {
  if (process.platform !== 'linux') return 'not Linux';
  if (process.getuid?.() !== 0) return 'not root';
  try {
    await using made = await Namespaces.create();
    const { code, text } = await made.run('pod', 'iptables', '-t', 'nat', '-S');
    return code === 0 ? null : `no iptables: ${text.trim()}`;
  } catch (error) {
    return (error as Error).message.trim();
  }
}
