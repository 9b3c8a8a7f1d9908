import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { waitFor } from '../core/wait.ts';
import { RULES_FILE } from './rule-file.ts';
import { startPrometheus } from './server.ts';
import { freePort, prometheusBinary } from './testing/binary.ts';
import { loopback } from './testing/loopback.ts';
import { prometheus2OrSkip } from './testing/prometheus-2.ts';

const two = await prometheus2OrSkip();
const host = loopback();

async function withRules(path: string, rules: string) {
  await using stack = new AsyncDisposableStack();
  const dir = await mkdtemp(join(tmpdir(), 'meshproof-test-'));
  stack.defer(() => rm(dir, { recursive: true, force: true }));
  const configFile = join(dir, 'prometheus.yml');
  await writeFile(configFile, `global: { evaluation_interval: 100ms }\nrule_files: [${RULES_FILE}]\n`);
  await writeFile(join(dir, RULES_FILE), rules);
  const listen = { host, port: await freePort(host) };
  const places = { dataDir: join(dir, 'data'), logFile: join(dir, 'prometheus.log') };
  const server = stack.use(await startPrometheus({ tool: { path }, configFile, listen, ...places }));
  const owned = stack.move();
  return { client: server.client, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

const GOOD = 'groups: [{ name: a, rules: [{ record: one, expr: vector(1) }] }]\n';

const binaries: [string, () => string][] = [
  ['Prometheus 3', prometheusBinary],
  ...(two ? [['Prometheus 2', () => two.path] as [string, () => string]] : []),
];

describe.each(binaries)('a rule file in %s', (_, binary) => {
  it('beside the configuration is evaluated', async () => {
    await using server = await withRules(binary(), GOOD);
    const found = await waitFor(async () => (await server.client.query('one', Date.now())).at(0), {
      what: 'the rule is recorded',
      deadlineMs: 15_000,
      hint: '',
    });
    expect(found.v).toBe(1);
  });

  it.each([
    [
      'an expression',
      GOOD.replace('vector(1)', '"sum(up"'),
      /^.*: scenario_rules\.yml: .*group "a", rule 1, "one": could not parse expression: .*unclosed left parenthesis$/s,
    ],
    [
      'a name',
      GOOD.replace('record: one', 'record: "{"'),
      /: scenario_rules\.yml: 1:39: group "a", rule 1, "\{": .*recording rule name.*: \{$/,
    ],
    ['a field', GOOD.replace('name: a', 'name: a, colour: red'), /field colour not found in type rulefmt\.RuleGroup/],
    [
      'two groups of one name',
      'groups: [{ name: a, rules: [] }, { name: a, rules: [] }]\n',
      /groupname: "a" is repeated in the same file/,
    ],
    ['no YAML', 'groups: [', /: scenario_rules\.yml: yaml: .*did not find expected node content$/],
  ])('is refused with its own words: %s', async (_what, rules, words) => {
    const refused = withRules(binary(), rules);
    await expect(refused).rejects.toMatchObject({ code: 'RULES_REFUSED', exitCode: 2 });
    await expect(refused).rejects.toThrow(words);
    await expect(refused).rejects.not.toThrow(tmpdir());
  });
});
