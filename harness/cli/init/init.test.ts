import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { scenarioJsonSchema } from '../../scenario/json-schema.ts';
import { loadScenarios, parseScenario } from '../../scenario/load.ts';
import type { CliContext } from '../context.ts';
import { createProgram } from '../program.ts';
import { said } from '../testing/in-process.ts';
import { version } from '../version.ts';
import { SCENARIO_TEXT } from './scenario.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'meshproof init '));
});
afterEach(() => {
  chmodSync(dir, 0o755);
  rmSync(dir, { recursive: true, force: true });
});

const read = (file: string) => readFileSync(join(dir, file), 'utf8');
const files = (folder = dir): string[] =>
  readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .sort();

/** The words of each command that a text starts through npx, after the package. */
function started(text: string): { spec: string; words: string[] }[] {
  return [...text.matchAll(/npx --yes (\S+) (.+)$/gm)].map(([, spec, rest]) => ({
    spec: spec!,
    words: rest!.split(/\s+/),
  }));
}
const VENDORED = `./meshproof/meshproof-${version()}.tgz`;

describe('what it writes', () => {
  it('is named, with what to do next', async () => {
    const { code, stdout, stderr } = await said(['init', dir]);
    expect(files()).toEqual([
      '.github/workflows/meshproof.yml',
      '.gitignore',
      'meshproof/checkout.yaml',
      'meshproof/scenario.schema.json',
    ]);
    for (const file of files())
      expect(stdout).toMatch(new RegExp(`^ {2}written +${file.replaceAll('.', '\\.')} `, 'm'));
    expect(stdout).toMatch(/^Next:\n {2}cd '.*meshproof init .*'\n {2}\S*bin\/meshproof run meshproof\n/m);
    expect(stdout.split('\n').filter((line) => line.length > 80 && !line.includes(dir))).toEqual([]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  });

  it('is a scenario that is valid, also with its comments in force, by the schema beside it', async () => {
    await said(['init', dir]);
    const [scenario] = await loadScenarios([join(dir, 'meshproof')]);
    expect(scenario!.name).toBe('checkout');
    const [first] = read('meshproof/checkout.yaml').split('\n');
    const schema = /^# yaml-language-server: \$schema=\.\/(.+)$/.exec(first!)?.[1];
    expect(JSON.parse(read(`meshproof/${schema}`))).toEqual(JSON.parse(JSON.stringify(scenarioJsonSchema())));
    const inForce = SCENARIO_TEXT.replace(/^( *)# (version: |timeline:|restarts:| {2}- )/gm, '$1$2');
    expect(inForce.split('\n').filter((line, i) => line !== SCENARIO_TEXT.split('\n')[i])).toHaveLength(5);
    const whole = parseScenario(inForce, 'x.yaml');
    expect([whole.timeline.length, whole.restarts.length]).toEqual([1, 1]);
  });

  it('is a workflow of GitHub whose commands exist, at this version', async () => {
    await said(['init', dir]);
    const workflow = parse(read('.github/workflows/meshproof.yml'));
    const { steps } = workflow.jobs.telemetry;
    const uses = steps.flatMap(({ uses: name }: { uses?: string }) => name ?? []);
    expect(uses.map((name: string) => name.replace(/@v\d+$/, ''))).toEqual([
      'actions/checkout',
      'actions/setup-node',
      'actions/cache',
      'actions/upload-artifact',
    ]);
    const run = steps.find(({ run: text }: { run?: string }) => text?.includes('npx')).run;
    expectCommand(run);
    const summary = steps.find(({ run: text }: { run?: string }) => text?.includes('summary.md'));
    expect(summary.run).toMatch(/^cat results\/\*\/summary\.md >> "\$GITHUB_STEP_SUMMARY"/);
    // Also of a run that failed: that is the one to be looked at.
    expect(summary.if).toBe(ALWAYS);
    expect(steps.at(-1)).toMatchObject({ if: ALWAYS, with: { path: 'results' } });
    const cache = steps.find(({ uses: name }: { uses?: string }) => name?.startsWith('actions/cache')).with;
    expect(cache.path.split('\n')).toContain('~/.cache/meshproof');
    expect(cache.key).toContain(version());
  });

  it('is a job of GitLab, and the pipeline that includes it', async () => {
    const { code } = await said(['init', dir, '--ci', 'gitlab']);
    const job = parse(read('.gitlab/meshproof.yml')).meshproof;
    expectCommand(job.script.join('\n'));
    expect(job.artifacts).toMatchObject({
      when: 'always',
      paths: ['results/'],
      reports: { junit: 'results/*/junit.xml' },
    });
    expect(parse(read('.gitlab-ci.yml'))).toEqual({ include: [{ local: '.gitlab/meshproof.yml' }] });
    expect(code).toBe(0);
  });

  it('is no workflow with --ci none', async () => {
    await said(['init', dir, '--ci', 'none']);
    expect(files()).toEqual(['.gitignore', 'meshproof/checkout.yaml', 'meshproof/scenario.schema.json']);
  });

  it('makes the folder when it is not there', async () => {
    const { code } = await said(['init', join(dir, 'a/b')]);
    expect(code).toBe(0);
    expect(files()).toContain('a/b/meshproof/checkout.yaml');
  });

  it('leaves results out of the repository, beside what was left out', async () => {
    writeFileSync(join(dir, '.gitignore'), 'node_modules');
    await said(['init', dir]);
    expect(read('.gitignore')).toBe('node_modules\n/results/\n');
  });
});

/** As GitHub writes it; also of a run that failed. */
const ALWAYS = ['$', '{{ !cancelled() }}'].join('');

function expectCommand(text: string): void {
  const [only, ...others] = started(text);
  expect(others).toEqual([]);
  expect(only!.spec).toBe(VENDORED);
  const command = createProgram({} as CliContext, () => {}).commands.find((one) => one.name() === only!.words[0])!;
  const { operands, unknown } = command.parseOptions(only!.words.slice(1));
  expect({ operands, unknown }).toEqual({ operands: ['meshproof'], unknown: [] });
  expect(command.opts().out).toBe('results');
}

describe('what is there already', () => {
  it('is left as it is, named, and the exit code says so', async () => {
    await said(['init', dir]);
    writeFileSync(join(dir, 'meshproof/checkout.yaml'), 'mine');
    const before = Object.fromEntries(files().map((file) => [file, read(file)]));
    const { code, stdout } = await said(['init', dir]);
    expect(stdout).toMatch(/^ {2}left +meshproof\/checkout\.yaml +is there already$/m);
    expect(stdout).toMatch(/There already, and left as they are: meshproof\/checkout\.yaml/);
    expect(Object.fromEntries(files().map((file) => [file, read(file)]))).toEqual(before);
    expect(code).toBe(1);
  });

  it('is left alone when only some of it is there', async () => {
    mkdirSync(join(dir, '.github/workflows'), { recursive: true });
    writeFileSync(join(dir, '.github/workflows/meshproof.yml'), 'mine');
    const { code, stdout } = await said(['init', dir]);
    expect(read('.github/workflows/meshproof.yml')).toBe('mine');
    expect(stdout).toMatch(/left as it is: \.github\/workflows\/meshproof\.yml\. --force/);
    expect(files()).toContain('meshproof/checkout.yaml');
    expect(code).toBe(1);
  });

  it('is overwritten with --force, and .gitignore has its line once', async () => {
    await said(['init', dir]);
    writeFileSync(join(dir, 'meshproof/checkout.yaml'), 'mine');
    const { code, stdout } = await said(['init', dir, '--force']);
    expect(read('meshproof/checkout.yaml')).toBe(SCENARIO_TEXT);
    expect(read('.gitignore')).toBe('/results/\n');
    expect(stdout).toMatch(/^ {2}overwritten +meshproof\/checkout\.yaml /m);
    expect(files()).toHaveLength(4);
    expect(code).toBe(0);
  });

  it('is never written through a link to somewhere else', async () => {
    const elsewhere = join(dir, 'elsewhere.yaml');
    writeFileSync(elsewhere, 'mine');
    mkdirSync(join(dir, 'repo/meshproof'), { recursive: true });
    symlinkSync(elsewhere, join(dir, 'repo/meshproof/checkout.yaml'));
    expect((await said(['init', join(dir, 'repo')])).code).toBe(1);
    expect((await said(['init', join(dir, 'repo'), '--force'])).code).toBe(0);
    expect(read('elsewhere.yaml')).toBe('mine');
  });

  it('is, of GitLab, a pipeline that is never overwritten: what to add to it is said', async () => {
    writeFileSync(join(dir, '.gitlab-ci.yml'), 'build: { script: [make] }\n');
    const { code, stdout } = await said(['init', dir, '--ci', 'gitlab', '--force']);
    expect(read('.gitlab-ci.yml')).toBe('build: { script: [make] }\n');
    expect(stdout).toContain('add to its include: { local: .gitlab/meshproof.yml }');
    expect(code).toBe(1);
    writeFileSync(join(dir, '.gitlab-ci.yml'), 'include:\n  - local: .gitlab/meshproof.yml\n');
    expect((await said(['init', dir, '--ci', 'gitlab', '--force'])).code).toBe(0);
  });
});

describe('where it can not be', () => {
  it('a file in place of the folder is named', async () => {
    writeFileSync(join(dir, 'file'), 'mine');
    const { code, stdout, stderr } = await said(['init', join(dir, 'file')]);
    expect(stderr).toMatch(/^error NOT_A_FOLDER: .*file: a file is in the way of a folder\n {2}hint: /);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(read('file')).toBe('mine');
  });

  it.each(['meshproof', '.github'])('a file called %s is named, before anything is written', async (name) => {
    writeFileSync(join(dir, name), 'mine');
    const { code, stderr } = await said(['init', dir]);
    expect(stderr).toMatch(/^error NOT_A_FOLDER: /);
    expect(files()).toEqual([name]);
    expect(code).toBe(2);
  });

  it('a folder in place of a file is left', async () => {
    mkdirSync(join(dir, 'meshproof/checkout.yaml'), { recursive: true });
    expect((await said(['init', dir])).code).toBe(1);
    const { code, stderr } = await said(['init', dir, '--force']);
    expect(stderr).toMatch(/^error NOT_A_FOLDER: .*checkout\.yaml is a folder, not a file/);
    expect(code).toBe(2);
    expect(files().filter((file) => file.endsWith('.tmp'))).toEqual([]);
  });

  it('a place that can not be made ends with 4', async () => {
    const { code, stderr } = await said(['init', join(dir, 'x'.repeat(300))]);
    expect(stderr).toMatch(/^error NOT_WRITABLE: .* can't be written: ENAMETOOLONG\n {2}hint: /);
    expect(code).toBe(4);
  });

  // Nothing is forbidden to root.
  it.skipIf(process.getuid?.() === 0)('a folder that must not be written ends with 4', async () => {
    chmodSync(dir, 0o555);
    const { code, stderr } = await said(['init', dir]);
    expect(stderr).toMatch(/^error NOT_WRITABLE: .*EACCES/);
    expect(code).toBe(4);
  });

  it('below the top of a repository it says where CI looks', async () => {
    mkdirSync(join(dir, '.git'));
    const below = await said(['init', join(dir, 'services/shop')]);
    expect(below.stdout.replace(/\s+/g, ' ')).toContain(`at the top of a repository, and that is ${dir}`);
    expect((await said(['init', dir])).stdout).not.toContain('at the top of a repository');
    const none = await said(['init', join(dirname(dir), dir.split('/').at(-1)!, 'other'), '--ci', 'none']);
    expect(none.stdout).not.toContain('at the top of a repository');
  });
});

describe('the package that CI runs', () => {
  const workflow = () => read('.github/workflows/meshproof.yml');
  const spec = () => started(workflow()).map((one) => one.spec);
  const comments = () => workflow().match(/^#.*$/gm)!.join(' ').replaceAll(' # ', ' ');

  it('is never one of npm that nobody asked for: until the name is ours, a tarball of the repository, and both say so', async () => {
    for (const ci of ['github', 'gitlab'] as const) {
      const { stdout } = await said(['init', dir, '--ci', ci]);
      const said80 = stdout.replace(/\s+/g, ' ');
      expect(said80).toContain(`not on npm yet, so CI takes it from ${VENDORED.slice(2)}, which is to be committed`);
      expect(said80).toContain('--package');
      const text = read(ci === 'github' ? '.github/workflows/meshproof.yml' : '.gitlab/meshproof.yml');
      expect(text).not.toMatch(/npx\b.* meshproof(?:@| run)/);
      expect(parse(text)).not.toBeNull();
    }
    expect(comments()).toContain('not on npm yet');
  });

  it('needs no word when the tarball is there', async () => {
    mkdirSync(join(dir, 'meshproof'));
    writeFileSync(join(dir, VENDORED), 'tarball');
    const { stdout } = await said(['init', dir]);
    expect(stdout).not.toContain('npm yet');
    expect(spec()).toEqual([VENDORED]);
    expect(comments()).not.toContain('npm yet');
  });

  it('is a tarball from elsewhere: copied into the repository, byte by byte', async () => {
    const bytes = Buffer.from([0x1f, 0x8b, 0, 0xff, 0x80]);
    writeFileSync(join(dir, 'meshproof-9.9.9.tgz'), bytes);
    const root = join(dir, 'repository');
    const { code, stdout } = await said(['init', root, '--package', join(dir, 'meshproof-9.9.9.tgz')]);
    expect(readFileSync(join(root, 'meshproof/meshproof-9.9.9.tgz'))).toEqual(bytes);
    expect(read('repository/.github/workflows/meshproof.yml')).toContain(
      'npx --yes ./meshproof/meshproof-9.9.9.tgz run ',
    );
    expect(stdout).toMatch(/^ {2}written +meshproof\/meshproof-9\.9\.9\.tgz +what CI runs$/m);
    expect(stdout).not.toContain('npm yet');
    expect(code).toBe(0);
  });

  it('is a tarball of the repository, where it lies', async () => {
    mkdirSync(join(dir, 'vendor'));
    writeFileSync(join(dir, 'vendor/m.tgz'), 'tarball');
    await said(['init', dir, '--package', join(dir, 'vendor/m.tgz')]);
    expect(spec()).toEqual(['./vendor/m.tgz']);
    expect(files()).not.toContain('meshproof/m.tgz');
  });

  it.each([
    ['0.2.0', 'meshproof@0.2.0', true],
    ['meshproof@0.2.0', 'meshproof@0.2.0', true],
    ['@shop/meshproof@1.0.0', '@shop/meshproof@1.0.0', false],
    ['github:owner/meshproof#v0.1.0', 'github:owner/meshproof#v0.1.0', false],
    ['git+https://git.example/x/meshproof.git#0af1', 'git+https://git.example/x/meshproof.git#0af1', false],
    ['https://files.example/meshproof-0.1.0.tgz', 'https://files.example/meshproof-0.1.0.tgz', false],
  ])('is %s, as it was asked for', async (given, written, ofNpm) => {
    const { code, stdout } = await said(['init', dir, '--package', given]);
    const { steps } = parse(workflow()).jobs.telemetry;
    const { run } = steps.find(({ run: text }: { run?: string }) => text?.includes('npx'));
    expect(run).toBe(`npx --yes ${written} run meshproof --out results`);
    // Nobody has published it: whose it is must be looked at.
    expect(stdout.includes('not on npm yet')).toBe(ofNpm);
    expect(code).toBe(0);
  });

  it.each([
    'meshproof',
    'latest',
    'meshproof@latest',
    '^1.0.0',
    'not-there.tgz',
    'https://x.example/a;touch$IFS',
    'github:a/b && c',
    '--yes',
    '',
  ])('is not %j: nothing is written', async (given) => {
    const { code, stderr } = await said(['init', dir, `--package=${given}`]);
    expect(stderr).toMatch(/^error INVALID_PACKAGE: --package: .*\n {2}hint: give a tarball/);
    expect({ code, files: files() }).toEqual({ code: 2, files: [] });
  });
});

describe('what to type next', () => {
  const next = async (env: NodeJS.ProcessEnv) => {
    const { stdout } = await said(['init', dir, '--force'], env);
    return /^ {2}(.*) run meshproof\b/m.exec(stdout)?.[1];
  };

  it('is the script of the checkout, where no name leads to it', async () => {
    const script = join(process.cwd(), 'bin/meshproof');
    expect(await next({ PATH: '/usr/bin' })).toBe(script);
    // Another program of that name is not this one.
    writeFileSync(join(dir, 'meshproof.other'), '', { mode: 0o755 });
    mkdirSync(join(dir, 'path'));
    symlinkSync(join(dir, 'meshproof.other'), join(dir, 'path/meshproof'));
    expect(await next({ PATH: join(dir, 'path') })).toBe(script);
  });

  it('is its name, where the PATH leads to it', async () => {
    mkdirSync(join(dir, 'path'));
    symlinkSync(join(process.cwd(), 'bin/meshproof'), join(dir, 'path/meshproof'));
    expect(await next({ PATH: `/not/there:${join(dir, 'path')}` })).toBe('meshproof');
  });

  it('is npx, with the package when the repository has not installed it', async () => {
    expect(await next({ npm_command: 'exec' })).toBe(`npx --yes ${VENDORED}`);
    mkdirSync(join(dir, 'node_modules/.bin'), { recursive: true });
    writeFileSync(join(dir, 'node_modules/.bin/meshproof'), '');
    expect(await next({ npm_command: 'exec' })).toBe('npx meshproof');
  });
});
