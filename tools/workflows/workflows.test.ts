import { existsSync, globSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { parse, parseDocument } from 'yaml';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');
const manifest = JSON.parse(read('package.json'));
const files = globSync('.github/workflows/*.{yaml,yml}', { cwd: ROOT }).sort();

interface Step {
  run?: string;
  uses?: string;
  with?: Record<string, unknown>;
}
interface Job {
  needs?: string | string[];
  uses?: string;
  steps?: Step[];
}
const jobsOf = (file: string) => Object.entries((parse(read(file)) as { jobs: Record<string, Job> }).jobs);
const stepsOf = (file: string) =>
  jobsOf(file).flatMap(([name, { steps = [] }]) => steps.map((step) => ({ name, step })));
const commandsOf = (file: string) =>
  stepsOf(file)
    .flatMap(({ step }) => (step.run ?? '').replace(/\\\n/g, ' ').split(/\n|&&/))
    .map((line) => line.trim());

const targets = [...read('Makefile').matchAll(/^([a-z][\w-]*):/gm)].map(([, name]) => name);

test('there are workflows for CI, the matrix of faults, real clusters and releases', () => {
  expect(files.map((file) => basename(file))).toEqual(['ci.yaml', 'faults.yaml', 'kind.yaml', 'release.yaml']);
});

describe.each(files)('%s', (file) => {
  test('is YAML without a doubt', () => {
    const document = parseDocument(read(file), { uniqueKeys: true });
    expect(document.errors).toEqual([]);
    expect(document.warnings).toEqual([]);
  });

  test('its jobs wait for jobs that there are, and use workflows that there are', () => {
    const names = jobsOf(file).map(([name]) => name);
    for (const [name, { needs = [], uses, steps }] of jobsOf(file)) {
      for (const other of [needs].flat()) expect(names, `${name} needs ${other}`).toContain(other);
      if (uses !== undefined) expect(existsSync(join(ROOT, uses)), uses).toBe(true);
      else expect(steps?.length, name).toBeGreaterThan(0);
    }
  });

  test('the scripts, targets and files that its commands name are there', () => {
    for (const command of commandsOf(file)) {
      const [, script] = command.match(/^npm run (\S+)/) ?? [];
      if (script) expect(Object.keys(manifest.scripts), command).toContain(script);
      const [, target] = command.match(/^make (\S+)/) ?? [];
      if (target) expect(targets, command).toContain(target);
      if (/^npm (?:ci|pack)/.test(command)) expect(existsSync(join(ROOT, 'package-lock.json'))).toBe(true);
      if (/^docker build/.test(command)) expect(existsSync(join(ROOT, 'Dockerfile'))).toBe(true);
      const [, copied] = command.match(/^cp -R (\S+)/) ?? [];
      if (copied) expect(existsSync(join(ROOT, copied)), command).toBe(true);
      for (const [path] of command.matchAll(/(?<![\w$/.-])(?:bin|harness|tools|scenarios|docs)\/[\w./-]+/g)) {
        expect(existsSync(join(ROOT, path)), command).toBe(true);
      }
    }
  });

  test('no action is used without a version', () => {
    for (const { step } of stepsOf(file)) {
      if (step.uses && !step.uses.startsWith('./')) expect(step.uses).toMatch(/^[\w-]+\/[\w-]+@v\d+(?:\.\d+)*$/);
    }
  });
});

test('the oldest Node in CI is the oldest that the package takes', () => {
  const [, { strategy }] = jobsOf('.github/workflows/ci.yaml').find(([name]) => name === 'package') as [
    string,
    { strategy: { matrix: { node: string[]; os: string[] } } },
  ];
  expect(manifest.engines.node).toBe(`>=${strategy.matrix.node[0]!.replace(/\.0$/, '')}`);
  expect(strategy.matrix.os.map((os) => os.replace('-latest', ''))).toEqual(['ubuntu', 'macos']);
});

test('a release is what its tag says, tested, and with the sums of its files', () => {
  const commands = commandsOf('.github/workflows/release.yaml').join('\n');
  expect(commands).toContain('npm publish --provenance');
  expect(commands).toContain('sha256sum -- *.tgz *.tar.gz > sha256sums.txt');
  const jobs = new Map(jobsOf('.github/workflows/release.yaml'));
  const reaches = (name: string): string[] => [name, ...[jobs.get(name)?.needs ?? []].flat().flatMap(reaches)];
  for (const name of ['npm', 'image', 'release']) expect(reaches(name)).toContain('test');
});

test('only the job that pushes the image may write packages, and what is latest is said', () => {
  const { permissions, jobs } = parse(read('.github/workflows/release.yaml'));
  expect(permissions).toEqual({ contents: 'read' });
  const writers = Object.entries<{ permissions?: Record<string, string>; steps?: Step[] }>(jobs).filter(
    ([, job]) => job.permissions?.packages === 'write',
  );
  expect(writers.map(([name]) => name)).toEqual(['image']);
  const meta = jobs.image.steps.find(({ uses }: Step) => uses?.startsWith('docker/metadata-action'));
  // Not for 1.2.3-rc.1, and not by a default of the action.
  expect(meta.with.flavor).toBe('latest=false');
  expect(meta.with.tags).toContain(`type=raw,value=latest,enable=${'$'}{{ !contains(github.ref_name, '-') }}`);
});

describe('the container image', () => {
  const dockerfile = read('Dockerfile');
  const versions = parse(read('kind-config/versions.yaml'));

  test('is made of the versions that are pinned', () => {
    const argument = (name: string) => dockerfile.match(new RegExp(`^ARG ${name}=(\\S+)$`, 'm'))?.[1];
    expect(argument('K6_IMAGE')).toBe(versions.images.k6.name);
    expect(argument('PROMETHEUS_IMAGE')).toBe(versions.images.prometheus.name);
    expect(argument('NODE_IMAGE')).toBe(versions.images.base.name);
  });

  test('runs as nobody in particular, and as its own process', () => {
    expect(dockerfile.match(/^USER (.*)$/gm)?.at(-1)).toBe('USER 65532:65532');
    expect(dockerfile.trim().split('\n').at(-1)).toBe('ENTRYPOINT ["meshproof"]');
  });

  test('gets what the package is made of, and nothing that lies about', () => {
    const letIn = read('.dockerignore')
      .match(/^!(\S+)$/gm)!
      .map((line) => line.slice(1));
    for (const pattern of letIn) expect(globSync(pattern, { cwd: ROOT }).length, pattern).toBeGreaterThan(0);
    for (const file of manifest.files as string[]) {
      const top = file.split('/')[0]!;
      if (top === 'dist' || file.startsWith('!')) continue;
      expect(
        letIn.some((pattern) => pattern.split('/')[0] === top),
        file,
      ).toBe(true);
    }
  });
});
