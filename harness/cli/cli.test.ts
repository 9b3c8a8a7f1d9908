import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cli, LAUNCHER, ROOT, startCli } from './testing/spawn.ts';

const STACK = /^\s+at .*[:(]/m;
let dir: string;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'meshproof-cli-test-'));
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

describe('what to do first', () => {
  it('is said when there are no arguments, and that is no success', async () => {
    const { code, stdout, stderr } = await cli([]);
    expect(stdout).toMatch(/^Try it: .*\n {2}meshproof run baseline /m);
    expect({ code, stderr }).toEqual({ code: 2, stderr: '' });
  });

  let top: { code: number | null; stdout: string };
  beforeAll(async () => {
    top = await cli(['--help']);
  });

  it.each(['init', 'run', 'faults', 'validate', 'schema', 'list', 'clean'])(
    '%s has help with an example or what it never does',
    async (name) => {
      const own = await cli([name, '--help']);
      expect(top.stdout).toMatch(new RegExp(`^ {2}${name} .*[a-z]{4}`, 'm'));
      expect(own.stdout).toMatch(/Examples?:|never/);
      expect([top.code, own.code]).toEqual([0, 0]);
    },
  );

  it('names scenarios that exist', async () => {
    const { stdout } = await cli([]);
    const [, name] = /meshproof run (\S+)/.exec(stdout)!;
    expect((await cli(['validate', name!], { cwd: dir })).code).toBe(0);
  });

  it('prints the version of package.json', async () => {
    const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
    expect(await cli(['--version'])).toEqual({ code: 0, stdout: `${version}\n`, stderr: '' });
  });
});

describe('wrong usage', () => {
  const cases: [string, string[], RegExp][] = [
    ['an unknown command', ['runn'], /unknown command 'runn'\n {2}hint: did you mean run\?/],
    ['an unknown option', ['run', '--bogus'], /unknown option '--bogus'/],
    ['an option that is nearly right', ['run', '--environmnt', 'local'], /hint: did you mean --environment\?/],
    ['an unknown environment', ['run', '--environment', 'moon'], /'moon' is invalid.*local/],
    ['a seed that is no number', ['run', '--seed', '1e3'], /from 0 to 4294967295/],
    ['a negative seed', ['run', '--seed=-1'], /from 0 to/],
    ['no parallelism', ['run', '--parallel', '0'], /from 1 to 64/],
    ['half a repetition', ['faults', '--repeat', '0.5'], /from 0 to 1000/],
    ['an unknown reporter', ['run', '--reporter', 'terminal,pdf'], /no reporter pdf; there are terminal, json/],
    ['a missing argument', ['validate'], /missing required argument 'path'/],
    ['too many arguments', ['schema', 'x'], /too many arguments/],
    ['a missing value', ['run', '--out'], /argument missing/],
  ];
  it.each(cases)('%s', async (_, args, message) => {
    const { code, stdout, stderr } = await cli(args);
    expect(stderr).toMatch(/^error USAGE: .*\n {2}hint: /);
    expect(stderr).toMatch(message);
    expect(stderr).not.toMatch(STACK);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  });
});

describe('faults', () => {
  it('lists cases, of a cause and of a group too', async () => {
    const { code, stdout, stderr } = await cli(['faults', '--list', 'admin-port-renamed', 'scrapes']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout.split('\n')).toEqual(
      expect.arrayContaining(['admin-port-renamed', 'scrape-timeout', 'duplicate-series']),
    );
    expect(stdout).not.toMatch(/^rbac-denied$/m);
  });

  it('refuses a case that is not there with what was meant', async () => {
    const { code, stdout, stderr } = await cli(['faults', 'admin-port-renmaed']);
    expect(stderr).toBe(
      'error UNKNOWN_CASE: there is no case admin-port-renmaed\n  hint: did you mean `admin-port-renamed`?\n',
    );
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  });

  it('refuses a case that is not for clusters in one', async () => {
    const { code, stderr } = await cli(['faults', 'api-ca-untrusted', '--environment', 'kind']);
    expect(stderr).toMatch(
      /^error NOT_IN_CLUSTER: the case api-ca-untrusted is not for clusters\n {2}hint: these are: .*rbac-denied/,
    );
    expect(code).toBe(2);
  });

  it('refuses pairs of cases of which no two go together', async () => {
    const { code, stderr } = await cli(['faults', 'rbac-denied', '--pairs', '1']);
    expect(stderr).toMatch(/^error NO_PAIRS: /);
    expect(code).toBe(2);
  });
});

describe('bad scenarios', () => {
  it('are all reported, with file, line and hint', async () => {
    const bad = join(dir, 'bad.yaml');
    writeFileSync(bad, 'apiVersion: meshproof/v1\nkind: Scenario\nmetadata: { name: bad }\nservicse: []\n');
    const notYaml = join(dir, 'not.yaml');
    writeFileSync(notYaml, '{ [\n');
    const { code, stdout, stderr } = await cli(['validate', bad, notYaml, join(dir, 'none.yaml')]);
    expect(stderr).toMatch(/^error INVALID_SCENARIO: /);
    expect(stderr).toMatch(/bad\.yaml:4:1: .*servicse/);
    expect(stderr).toMatch(/not\.yaml:[12]:\d+: /);
    expect(stderr).toContain(`${join(dir, 'none.yaml')}: there is no such file`);
    expect(stderr).not.toMatch(STACK);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  });

  it.each(['run', 'validate', 'list'])('%s refuses a directory without scenarios', async (command) => {
    const empty = join(dir, 'empty');
    mkdirSync(empty, { recursive: true });
    const { code, stderr } = await cli([command, empty]);
    expect(stderr).toContain(`${empty}: this directory has no scenarios`);
    expect(code).toBe(2);
  });

  it('show a stack only with MESHPROOF_DEBUG', async () => {
    const { code, stderr } = await cli(['validate', join(dir, 'none.yaml')], { env: { MESHPROOF_DEBUG: '1' } });
    expect(stderr).toMatch(STACK);
    expect(code).toBe(2);
  });
});

describe('what needs no run', () => {
  it('validates with one line a scenario', async () => {
    const { code, stdout } = await cli(['validate', 'scenarios/baseline.yaml']);
    expect(stdout).toMatch(/^ok scenarios\/baseline\.yaml: baseline \(3 services, [\d.]+ s of traffic\)\n$/);
    expect(code).toBe(0);
  });

  it('prints a JSON Schema', async () => {
    const { code, stdout } = await cli(['schema']);
    expect(JSON.parse(stdout)).toMatchObject({ type: 'object' });
    expect(code).toBe(0);
  });

  it('lists the scenarios that ship, wherever one stands', async () => {
    const { code, stdout } = await cli(['list'], { cwd: dir });
    const names = stdout
      .trimEnd()
      .split('\n')
      .map((line) => line.split(' ')[0]);
    expect(names[0]).toBe('SCENARIO');
    expect(names).toContain('baseline');
    expect(code).toBe(0);
  });

  it('has nothing to clean where nothing was', async () => {
    const { code, stdout } = await cli(['clean'], { env: { XDG_RUNTIME_DIR: dir } });
    expect({ code, stdout }).toEqual({ code: 0, stdout: 'nothing to clean\n' });
  });
});

describe('a hostile machine', () => {
  it('a results folder that cannot be written ends with 4, before anything starts', async () => {
    writeFileSync(join(dir, 'file'), '');
    const { code, stdout, stderr } = await cli(['run', 'scenarios/baseline.yaml', '--out', join(dir, 'file')]);
    expect(stderr).toMatch(/^error RESULTS_NOT_WRITABLE: .*file.*\n {2}hint: .*--out DIR\n$/);
    expect({ code, stdout }).toEqual({ code: 4, stdout: '' });
  });

  it('a reader that has gone is no error', async () => {
    const run = startCli(['schema']);
    // Long before the process gets to write.
    run.process.stdout!.destroy();
    expect(await run.ended).toEqual({ code: 0, stdout: '', stderr: '' });
  });

  it('no HOME and no locale are needed', async () => {
    const { code } = await cli(['list'], { env: { PATH: '/nonexistent' } });
    expect(code).toBe(0);
  });
});

describe('the launcher', () => {
  it('works through a link from elsewhere, whatever Node is on the PATH', async () => {
    const link = join(dir, 'link');
    symlinkSync(LAUNCHER, link);
    const bin = fakeNode(join(dir, 'old'), '20');
    const { code, stdout } = await cli(['--version'], { file: link, cwd: dir, env: { PATH: `${bin}:/usr/bin:/bin` } });
    expect(stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
    expect(code).toBe(0);
  });

  it('says so when no Node will do, or nothing is installed', async () => {
    const root = join(dir, 'copy');
    mkdirSync(join(root, 'bin'), { recursive: true });
    const launcher = join(root, 'bin', 'meshproof');
    copyFileSync(LAUNCHER, launcher);
    const env = { PATH: `${fakeNode(join(dir, 'older'), '22')}:/usr/bin:/bin` };
    const bare = await cli([], { file: launcher, cwd: dir, env });
    expect(bare.stderr).toMatch(/^error NOT_INSTALLED: .*\n {2}hint: run: npm ci/);
    mkdirSync(join(root, 'node_modules', 'commander'), { recursive: true });
    const old = await cli([], { file: launcher, cwd: dir, env });
    expect(old.stderr).toMatch(/^error NODE_TOO_OLD: meshproof needs Node 24 .*\n {2}hint: /);
    expect([bare.code, old.code]).toEqual([4, 4]);
  });
});

/** A folder with a `node` that says it is of that major version. */
function fakeNode(folder: string, major: string): string {
  mkdirSync(folder);
  writeFileSync(join(folder, 'node'), `#!/bin/sh\necho ${major}\n`);
  chmodSync(join(folder, 'node'), 0o755);
  return folder;
}
