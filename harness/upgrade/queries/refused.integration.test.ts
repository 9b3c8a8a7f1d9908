import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { ResolvedTool } from '../../core/tool.ts';
import { freePort } from '../../prometheus/testing/binary.ts';
import { loopback } from '../../prometheus/testing/loopback.ts';
import { prometheus2OrSkip } from '../../prometheus/testing/prometheus-2.ts';
import { tempDir } from '../../run/testing/tools.ts';
import { resolveTool } from '../../tools/resolve.ts';
import type { Query, QueryInputs } from '../types.ts';
import { withoutRefused } from './refused.ts';
import { queryOf } from './testing/answers.ts';

const two = await prometheus2OrSkip();
const host = loopback();

const rule = (records: string, expr: string, labels: Record<string, string> = {}): Query =>
  queryOf(expr, { id: records, place: `rules.yaml (record ${records})`, kind: 'recording', records, labels });

async function looked(queries: Query[], ...tools: ResolvedTool[]): Promise<QueryInputs> {
  await using dir = await tempDir();
  const own = join(dir.path, 'rules');
  const listen = { host, port: await freePort(host) };
  const inputs = { queries, problems: [] };
  const found = await withoutRefused(inputs, { tools, listen, dir: own, signal: new AbortController().signal });
  expect(existsSync(own)).toBe(false);
  return found;
}

const said = ({ problems }: QueryInputs) => problems.map(({ place, code, message }) => `${place}: ${code}: ${message}`);

it('leaves rules alone that Prometheus takes', async () => {
  const rules = [rule('a:b', 'sum(rate(x[1m]))'), queryOf('rate(x)')];
  expect(await looked(rules, await resolveTool('prometheus'))).toEqual({ queries: rules, problems: [] });
});

it('makes a problem of each that it refuses, in its words, and keeps the others', async () => {
  const rules = [
    rule('a:good', 'sum(rate(x[1m]))'),
    rule('a:rate', 'rate(x)'),
    rule('a:also', 'a:good / 2'),
    rule('a:matcher', 'x{a=~"("}'),
    rule('a:nothing', '{}'),
    rule('a:scalar', '1 > 2'),
    rule('a:function', 'info(x)'),
    rule('a:label', 'x', { __name__: 'y' }),
  ];
  const { queries, problems } = await looked(rules, await resolveTool('prometheus'));
  expect(queries.filter(({ records }) => records !== '')).toEqual([rules[0], rules[2]]);
  expect(queries.map(({ id, expr }) => [id, expr])).toEqual(rules.map(({ id, expr }) => [id, expr]));
  expect(problems.map(({ place }) => place)).toEqual(
    rules.filter(({ id }) => !['a:good', 'a:also'].includes(id)).map(({ place }) => place),
  );
  const [first] = said({ queries, problems });
  expect(first).toMatch(
    /^rules\.yaml \(record a:rate\): RULE_REFUSED: Prometheus 3\.\S+ refuses this recording rule: could not parse expression: 1:\d+: parse error: expected type range vector/,
  );
  for (const line of said({ queries, problems })) expect(line).not.toMatch(/scenario_rules|recording-rules/);
});

it.runIf(two !== null)('asks the Prometheus of both sides', async () => {
  const rules = [rule('a:new', 'sum({"of.the.app"})'), rule('a:good', 'sum(x)')];
  const three = await resolveTool('prometheus');
  for (const tools of [
    [two!, three],
    [three, two!],
  ]) {
    const inputs = await looked(rules, ...tools);
    expect(said(inputs)).toEqual([expect.stringMatching(/a:new\): RULE_REFUSED: Prometheus 2\..*unexpected string/)]);
    expect(inputs.queries.map(({ records }) => records)).toEqual(['', 'a:good']);
  }
});
