import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startChild } from '../../core/process.ts';

const program = join(import.meta.dirname, 'control-plane.ts');
let dir: string;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'control-plane-'));
});
afterEach(() => rm(dir, { recursive: true }));

describe('the program control-plane', () => {
  it.each([
    ['without a component', [], 'there is no component undefined'],
    ['with a component that there is not', ['policy'], 'there is no component policy'],
    ['outside of a cluster', ['identity'], "no access to the cluster's API"],
  ])('ends with 1 %s', async (_, args, why) => {
    await using child = startChild({
      name: 'control-plane',
      file: process.execPath,
      args: [program, ...args],
      env: {},
      logFile: join(dir, 'log'),
      whenWeDie: 'SIGKILL',
    });
    expect(await child.exited).toMatchObject({ code: 1 });
    expect(child.tail()).toContain(why);
  });
});
