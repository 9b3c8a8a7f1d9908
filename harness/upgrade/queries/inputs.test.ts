import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readQueries } from './index.ts';

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'meshproof-test-'));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

const RULE = 'groups: [{ name: g, rules: [{ alert: A, expr: up == 0 }] }]\n';
const { signal } = new AbortController();

async function rulesOf(...paths: string[]) {
  const { queries, problems } = await readQueries({ rules: paths.map((path) => join(dir, path)), signal });
  return {
    places: queries.map(({ place }) => place.slice(dir.length + 1).replace(/:.*/, '')),
    problems: problems.map(({ place, code, whole }) => [place.slice(dir.length + 1), code, whole]),
  };
}

describe('folders of rules', () => {
  it('are read with files that end as Prometheus has them, and links that lead round and round', async () => {
    await mkdir(join(dir, 'rules/more'), { recursive: true });
    await mkdir(join(dir, 'elsewhere'));
    await writeFile(join(dir, 'rules/a.rules'), RULE);
    await writeFile(join(dir, 'rules/more/b.yml'), `\uFEFF${RULE.replaceAll('\n', '\r\n')}`);
    await writeFile(join(dir, 'elsewhere/c.rules.yaml'), RULE);
    await symlink('../elsewhere', join(dir, 'rules/linked'));
    await symlink('..', join(dir, 'rules/more/round'));
    await symlink('nowhere.yaml', join(dir, 'rules/z.yaml'));
    expect(await rulesOf('rules')).toEqual({
      places: ['rules/a.rules', 'rules/linked/c.rules.yaml', 'rules/more/b.yml'],
      problems: [['rules/z.yaml', 'INPUT_UNREADABLE', true]],
    });
  });

  it('without a rule in them are a problem, beside those that have some', async () => {
    await mkdir(join(dir, 'wrong'));
    await mkdir(join(dir, 'right'));
    await mkdir(join(dir, 'empty'));
    await writeFile(join(dir, 'wrong/deployment.yaml'), 'kind: Deployment\n');
    await writeFile(join(dir, 'right/deployment.yaml'), 'kind: Deployment\n');
    await writeFile(join(dir, 'right/rules.yaml'), RULE);
    expect(await rulesOf('wrong', 'right', 'empty')).toEqual({
      places: ['right/rules.yaml'],
      problems: [
        ['empty', 'INPUT_EMPTY', true],
        ['wrong', 'NO_RULES', true],
      ],
    });
  });
});

describe('folders of dashboards', () => {
  it('without a dashboard in them are a problem', async () => {
    await writeFile(join(dir, 'package.json'), '{}');
    const { problems } = await readQueries({ dashboards: [dir], signal });
    expect(problems).toMatchObject([{ place: dir, code: 'NOT_A_DASHBOARD', whole: true }]);
  });

  it('have the hidden queries that a panel computes with, and no others', async () => {
    const target = (refId: string, over: object = {}) => ({ refId, expr: `metric_${refId}`, ...over });
    const computed = { refId: 'C', type: 'math', datasource: { type: '__expr__', uid: '__expr__' } };
    const panels = [
      { title: 'computed', targets: [target('A', { hide: true }), computed] },
      { title: 'plain', targets: [target('B', { hide: true })] },
    ];
    await writeFile(join(dir, 'd.json'), JSON.stringify({ title: 'D', panels }));
    const { queries, problems } = await readQueries({ dashboards: [dir], signal });
    expect(queries.map(({ expr }) => expr)).toEqual(['metric_A']);
    expect(problems).toEqual([]);
  });
});
