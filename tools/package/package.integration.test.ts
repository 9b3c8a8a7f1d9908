/**
 * The npm package as its users have it: packed from this checkout, installed into an empty folder, started by npx. It has no
 * dependencies, so none of this needs a network.
 */
import { execFile } from 'node:child_process';
import { existsSync, globSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Result } from '../../harness/result/types.ts';
import { passing } from '../../harness/run/testing/expect-passed.ts';
import { COMPILED_IN } from '../imports/rules.ts';
import { oldestNode } from './testing.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const MANIFEST = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
/** Of the tarball. A library that slips in whole shows here. */
const MAX_BYTES = 6_000_000;

let folder: string;
/** Where npm has put the package. */
let installed: string;
let tarball: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'meshproof-test-package-'));
  installed = join(folder, 'node_modules', 'meshproof');
  const packed = await run('npm', ['pack', '--pack-destination', folder], { cwd: ROOT });
  expect(packed.code, packed.output).toBe(0);
  tarball = join(folder, `meshproof-${MANIFEST.version}.tgz`);
  const install = await run('npm', ['install', '--offline', '--no-audit', '--no-fund', tarball]);
  expect(install.code, install.output).toBe(0);
}, 300_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('what is packed', () => {
  it('is this and nothing else', () => {
    expect(readdirSync(installed).sort()).toEqual([
      ...[
        'CHANGELOG.md',
        'LICENSE',
        'NOTICE',
        'README.md',
        'bin',
        'dashboards',
        'dist',
        'docs',
        'harness',
        'kind-config',
      ],
      ...['package.json', 'results', 'scenarios', 'sim-services', 'tools'],
    ]);
    const files = filesOf(installed);
    expect(files.filter((file) => /^(?:bin|harness|results|sim-services|tools)\//.test(file))).toEqual([
      'bin/meshproof.js',
      'harness/load/k6-program.js',
      'harness/mesh/cluster/redirect.sh',
      ...globSync('results/*.schema.json', { cwd: ROOT }).sort(),
      'sim-services/meshproof.proto',
      ...globSync('tools/**/go.{mod,sum}', { cwd: ROOT }).sort(),
    ]);
  });

  it('has no sources, no tests, and no path of the machine that it was packed on', () => {
    const files = filesOf(installed);
    expect(files.filter((file) => /(?<!\.d)\.ts$|\.test\.|testdata|testing|fixture|\.map$/.test(file))).toEqual([]);
    const places = [ROOT.replace(/\/$/, ''), dirname(process.execPath)];
    const telling = files.filter((file) => {
      const text = readFileSync(join(installed, file), 'utf8');
      return places.some((place) => text.includes(place));
    });
    expect(telling).toEqual([]);
  });

  it('is small, and brings nothing else along', () => {
    expect(statSync(tarball).size).toBeLessThan(MAX_BYTES);
    expect(readdirSync(join(folder, 'node_modules')).filter((name) => !name.startsWith('.'))).toEqual(['meshproof']);
    const { dependencies, optionalDependencies, peerDependencies, scripts } = MANIFEST;
    expect({
      dependencies,
      optionalDependencies,
      peerDependencies,
      install: scripts.postinstall ?? scripts.install,
    }).toEqual({});
  });

  it('names each package that is compiled in, with its licence', () => {
    const notices = readFileSync(join(installed, 'dist', 'THIRD-PARTY-NOTICES.txt'), 'utf8');
    for (const name of COMPILED_IN) expect(notices).toMatch(new RegExp(`^${name} \\d+\\.\\d+\\.\\d+ \\(`, 'm'));
    expect(notices).toContain('Permission is hereby granted, free of charge');
  });

  it('has compiled files that load, each of them', async () => {
    const chunks = globSync('dist/chunks/*.js', { cwd: installed });
    expect(chunks.length).toBeGreaterThan(20);
    const script = chunks.map((file) => `import "./${file}";\n`).join('');
    const loader = join(installed, 'load-all.mjs');
    writeFileSync(loader, script);
    const { code, output } = await run(process.execPath, [loader]);
    rmSync(loader);
    expect(code, output).toBe(0);
  });
});

describe('the command', () => {
  it('passes the shipped baseline', { timeout: 240_000 }, async () => {
    const { code, output } = await passing(
      () => ran(() => meshproof('run', 'baseline')),
      ({ result }) => result.scenarios,
    );
    expect(output).toContain('PASS: 1 of 1 scenario passed');
    expect(code).toBe(0);
  });

  // In HTTP/2 there is more that older Nodes lack than elsewhere.
  it('passes a scenario on the oldest Node that is supported', { timeout: 420_000 }, async ({ skip }) => {
    const node = await oldestNode(MANIFEST.engines.node);
    if (!node) return skip('no such Node is here, and none can be fetched');
    const args = [join(installed, 'bin', 'meshproof.js'), 'run', 'http2', '--out', 'oldest'];
    const { code, output, result } = await passing(
      () => ran(() => run(node, args, { first: dirname(node) }), 'oldest'),
      ({ result }) => result.scenarios,
    );
    expect(output).toContain('PASS: 1 of 1 scenario passed');
    expect(code).toBe(0);
    expect(result.environment.node).toBe(`v${/\d+\.\d+/.exec(MANIFEST.engines.node)![0]}.0`);
  });

  it('lists, validates, prints the schema, knows its version, and explains each command', async () => {
    expect(await meshproof('list')).toMatchObject({ code: 0, stdout: expect.stringContaining('baseline') });
    expect(await direct('validate', 'node_modules/meshproof/scenarios')).toMatchObject({ code: 0 });
    expect(JSON.parse((await direct('schema')).stdout)).toHaveProperty('$schema');
    expect((await direct('--version')).stdout.trim()).toBe(MANIFEST.version);
    expect(await direct('faults', '--list')).toMatchObject({ code: 0 });
    const help = await direct('--help');
    const commands = [...help.stdout.matchAll(/^ {2}([a-z]+) /gm)]
      .map(([, name]) => name!)
      .filter((name) => name !== 'help');
    expect(commands).toEqual(
      expect.arrayContaining(['run', 'doctor', 'upgrade', 'bench', 'compare', 'report', 'init']),
    );
    for (const name of commands) expect(await direct(name, '--help'), name).toMatchObject({ code: 0 });
  });

  it('reaches for a cluster with what it has compiled in', async () => {
    // Nobody listens on this port.
    const named = { clusters: 'cluster', users: 'user', contexts: 'context' };
    const values = {
      cluster: { server: 'https://127.0.0.1:1' },
      user: { token: 'none' },
      context: { cluster: 'here', user: 'here' },
    };
    const lists = Object.entries(named).map(([list, one]) => [
      list,
      [{ name: 'here', [one]: values[one as keyof typeof values] }],
    ]);
    const config = { apiVersion: 'v1', kind: 'Config', 'current-context': 'here', ...Object.fromEntries(lists) };
    writeFileSync(join(folder, 'kubeconfig.yaml'), JSON.stringify(config));
    const { code, output } = await direct('doctor', '--kubeconfig', 'kubeconfig.yaml');
    expect(output).toMatch(/^error (?!INTERNAL)[A-Z_]+: .*127\.0\.0\.1:1\b/m);
    expect(code).toBe(4);
  });

  it('tells a Node that is too old', async () => {
    const bin = readFileSync(join(installed, 'bin', 'meshproof.js'), 'utf8');
    const file = join(folder, 'too-old.mjs');
    for (const version of ['20.19.4', '22.11.0']) {
      writeFileSync(file, bin.replace('process.versions.node', `'${version}'`));
      const { code, output } = await run(process.execPath, [file]);
      expect(output).toMatch(/^error NODE_TOO_OLD: meshproof needs Node 22\.12 or later/);
      expect(code).toBe(4);
    }
  });
});

describe('the module', () => {
  it('reads what a run has recorded, and validates scenarios', async () => {
    const script = join(folder, 'use.mjs');
    writeFileSync(
      script,
      `import { loadScenarios, readResult, ScenarioError, shippedScenarios } from 'meshproof';
       import schema from 'meshproof/schemas/result.json' with { type: 'json' };
       const { verdict } = await readResult(process.argv[2]);
       const all = await loadScenarios([shippedScenarios()]);
       const wrong = await loadScenarios(['none.yaml']).catch((error) => error);
       console.log(JSON.stringify([verdict, all.some(({ name }) => name === 'baseline'), wrong instanceof ScenarioError, typeof schema]));`,
    );
    const [file] = resultFiles();
    const { code, stdout, output } = await run(process.execPath, [script, file!]);
    expect(code, output).toBe(0);
    const { verdict } = JSON.parse(readFileSync(join(folder, file!), 'utf8'));
    expect(JSON.parse(stdout)).toEqual([verdict, true, true, 'object']);
  });

  it('has types, which need no other package', async () => {
    writeFileSync(
      join(folder, 'use.mts'),
      `import { type Result, type RunOptions, loadScenarios, readResult, runScenarios } from 'meshproof';
       const options: RunOptions = { environment: 'local', onScenario: ({ name, verdict }) => console.log(name, verdict) };
       const { result, dir }: { result: Result; dir: string } = await runScenarios(await loadScenarios(['a.yaml']), options);
       // @ts-expect-error the environment does not exist
       await runScenarios([], { environment: 'moon' });
       // @ts-expect-error a verdict is no number
       const verdict: number = (await readResult(dir)).verdict;
       console.log(result.scenarios[0]?.flows.length, verdict);`,
    );
    const tsc = join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc');
    const strict = [
      '--strict',
      '--noEmit',
      '--module',
      'nodenext',
      '--target',
      'es2022',
      '--lib',
      'es2022,dom',
      '--types',
      '',
    ];
    const { code, output } = await run(process.execPath, [tsc, ...strict, 'use.mts']);
    expect(output).toBe('');
    expect(code).toBe(0);
  });
});

function meshproof(...args: string[]) {
  return run('npx', ['--no-install', 'meshproof', ...args]);
}

/** Without npx, which takes longer than the command. */
function direct(...args: string[]) {
  return run(process.execPath, [join('node_modules', 'meshproof', 'bin', 'meshproof.js'), ...args]);
}

/** Runs a program in the folder; `node` is the one of the tests, or that of `first`. */
function run(
  file: string,
  args: string[],
  { cwd = folder, first = dirname(process.execPath) } = {},
): Promise<{ code: number | null; stdout: string; output: string }> {
  const env: NodeJS.ProcessEnv = { ...process.env, NO_COLOR: '1', PATH: `${first}${delimiter}${process.env.PATH}` };
  for (const name of Object.keys(env)) if (/^(?:npm_|NODE_|VITEST)/.test(name)) delete env[name];
  return new Promise((resolve) => {
    const options = { cwd, env, maxBuffer: 64 << 20 };
    const child = execFile(file, args, options, (_, stdout, stderr) => {
      resolve({ code: child.exitCode, stdout, output: `${stdout}${stderr}` });
    });
  });
}

function filesOf(dir: string): string[] {
  return globSync('**/*', { cwd: dir })
    .filter((file) => statSync(join(dir, file)).isFile())
    .sort();
}

function resultFiles(out = 'results'): string[] {
  const dir = join(folder, out);
  return existsSync(dir) ? readdirSync(dir).map((name) => join(out, basename(name), 'result.json')) : [];
}

/** What a run printed, and the one record that it left. */
async function ran(start: () => ReturnType<typeof run>, out?: string) {
  const before = new Set(resultFiles(out));
  const { code, output } = await start();
  const [file, ...more] = resultFiles(out).filter((name) => !before.has(name));
  expect([typeof file, more], output).toEqual(['string', []]);
  const result: Result = JSON.parse(readFileSync(join(folder, file!), 'utf8'));
  return { code, output, result };
}
