import { mkdir, mkdtemp, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { runCommand } from '../../../core/run-command.ts';
import { NodeTruth } from './node-truth.ts';

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'node-truth-'));
});
afterEach(() => rm(root, { recursive: true, force: true }));

const signal = new AbortController().signal;
/** Nodes that are folders of this machine: what is run in them is, with their root before absolute paths. */
const docker = {
  async exec(node: string, argv: string[]): Promise<string> {
    const [file, ...args] = argv.map((arg) => (arg.startsWith('/var/lib/') ? join(root, node, arg) : arg));
    const { code, stdout, stderr } = await runCommand(file!, args, { deadlineMs: 10_000 });
    if (code !== 0) throw new Error(stderr);
    return stdout;
  },
};

async function prepared(...nodes: string[]) {
  const truth = await NodeTruth.prepare(docker, { nodes }, signal);
  const put = async (node: string, pod: string, name: string, text: string) => {
    const dir = join(root, node, truth.dir, pod);
    await mkdir(dir, { recursive: true });
    await writeFile(join(dir, name), text);
  };
  return { truth, put };
}

it('has a folder on each node to which pods of any user may write, and takes it away', async () => {
  const { truth } = await prepared('a', 'b');
  for (const node of ['a', 'b']) expect((await stat(join(root, node, truth.dir))).mode & 0o777).toBe(0o777);
  await truth[Symbol.asyncDispose]();
  await expect(stat(join(root, 'a', truth.dir))).rejects.toThrow('ENOENT');
});

it('takes away what is left of runs that nobody tidied up after', async () => {
  const { truth, put } = await prepared('a');
  await put('a', 'web-1', '0.journal', 'H\n');
  const dir = join(root, 'a', truth.dir);
  await utimes(dir, 1, 1);
  const other = await NodeTruth.prepare(docker, { nodes: ['a'] }, signal);
  await expect(stat(dir)).rejects.toThrow('ENOENT');
  expect((await stat(join(root, 'a', other.dir))).isDirectory()).toBe(true);
});

it('reads all incarnations of a pod in their order, and nothing else', async () => {
  const { truth, put } = await prepared('a', 'b');
  for (const n of [0, 1, 2, 10]) await put('a', 'web-1', `${n}.journal`, `H,${n}\nZ,${n}\n`);
  await put('a', 'web-1', 'origin.json', '{}');
  await put('a', 'web-2', '0.journal', 'other\n');
  expect(await truth.read({ name: 'web-1', node: 'a' })).toBe('H,0\nZ,0\nH,1\nZ,1\nH,2\nZ,2\nH,10\nZ,10\n');
  expect(await truth.read({ name: 'web-1', node: 'b' })).toBe('');
});

it('ends a line that a kill has cut off as the services do', async () => {
  const { truth, put } = await prepared('a');
  await put('a', 'web-1', '0.journal', 'H,0\nS,1,17');
  await put('a', 'web-1', '1.journal', 'H,1\n');
  await put('a', 'web-1', '2.journal', '');
  expect(await truth.read({ name: 'web-1', node: 'a' })).toBe('H,0\nS,1,17%\nH,1\n');
});
