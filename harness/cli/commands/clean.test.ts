import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { registerRun } from '../../core/registry.ts';
import type { CliContext } from '../context.ts';
import { clean } from './clean.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'meshproof-clean-test-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

/** `meshproof clean` with nothing but the stand-ins in a folder on PATH. */
async function cleaned(PATH: string): Promise<string> {
  const stdout = new PassThrough();
  await clean({ env: { XDG_RUNTIME_DIR: root, PATH }, stdout } as unknown as CliContext);
  return String(stdout.read() ?? '');
}

/** The entry of a run that died. */
function deadRun(change: (entry: Record<string, unknown>) => void): string {
  mkdirSync(join(root, 'meshproof'), { mode: 0o700 });
  const { file } = registerRun({ runId: 'dead', dir: join(root, 'meshproof', 'runs') });
  const entry = JSON.parse(readFileSync(file, 'utf8'));
  change(entry);
  writeFileSync(file, JSON.stringify({ ...entry, pidStart: `${entry.pidStart}0` }));
  return file;
}

it('names a cluster that it can’t delete, tries again the next time, and goes on', async () => {
  deadRun((entry) => {
    entry.clusters = ['meshproof-dead'];
    entry.dirs = [join(root, 'meshproof-scratch')];
  });
  const line = '  the cluster meshproof-dead is left: there is no docker on PATH\n';
  expect(await cleaned('')).toBe(
    `cleaned run dead: 0 processes, 1 folder\n  removed ${join(root, 'meshproof-scratch')}\n${line}`,
  );
  expect(await cleaned('')).toContain(line);
});

it('says what it deleted, and forgets the run', async () => {
  deadRun((entry) => {
    entry.clusters = ['meshproof-dead'];
  });
  const bin = join(root, 'bin');
  mkdirSync(bin);
  const node = {
    ...{ Id: 'abc', Name: '/n', Image: 'i', State: { Status: 'running' } },
    ...{ Config: { Labels: {} }, Mounts: [{ Destination: '/etc/meshproof/owner.json' }] },
  };
  writeFileSync(join(bin, 'node.json'), JSON.stringify([node]));
  const script = `case $1 in
version) echo 28 ;;
ps) [ -e ${bin}/node.json ] && echo abc ;;
inspect) while read -r line || [ -n "$line" ]; do echo "$line"; done < ${bin}/node.json ;;
rm) [ "$*" = "rm --force --volumes abc" ] && /bin/rm ${bin}/node.json ;;
esac
exit 0`;
  writeFileSync(join(bin, 'docker'), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  expect(await cleaned(bin)).toBe(
    'cleaned run dead: 0 processes, 0 folders, 1 cluster\n  deleted the cluster meshproof-dead\n',
  );
  expect(await cleaned(bin)).toBe('nothing to clean\n');
});
