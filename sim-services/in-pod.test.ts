import { expect, test } from 'vitest';
import { asPod } from './in-pod.ts';
import { aConfig, aPod, aRoute, aWorkload } from './testing/configs.ts';

const web = aWorkload('web', [aRoute()]);
const config = aConfig(web);
const podOf = (env: NodeJS.ProcessEnv) => asPod(config, env).workloads[0]!.pods[0]!;

test('elsewhere than in a pod the configuration stays as it is', () => {
  expect(asPod(config, { MESHPROOF_REPLICA: '3' })).toBe(config);
});

test('in a pod the environment goes before the template', () => {
  const pod = podOf({ MESHPROOF_POD_NAME: 'web-7d4b9c-x2x4q', MESHPROOF_REPLICA: '3' });
  expect(pod).toEqual({ ...web.pods[0]!, pod: 'web-7d4b9c-x2x4q', replica: 3 });
});

test('a pod that nobody numbered has a number of its own, the same each time', () => {
  const [one, again, other] = ['web-a', 'web-a', 'web-b'].map((pod) => podOf({ MESHPROOF_POD_NAME: pod }).replica);
  expect(one).toBe(again);
  expect(one).not.toBe(other);
  expect(Number.isSafeInteger(one)).toBe(true);
  expect(one).toBeGreaterThanOrEqual(0);
});

test.each([
  ['one workload with one pod is needed', aConfig(web, aWorkload('db', [])), {}],
  ['one workload with one pod is needed', aConfig({ ...web, pods: [...web.pods, aPod('web', { pod: 'web-1' })] }), {}],
  ['MESHPROOF_REPLICA is "-1", not a number', config, { MESHPROOF_REPLICA: '-1' }],
  ['MESHPROOF_REPLICA is "one", not a number', config, { MESHPROOF_REPLICA: 'one' }],
])('%s', (message, bad, env) => {
  const run = () => asPod(bad, { MESHPROOF_POD_NAME: 'web-a', ...env });
  expect(run).toThrow(message);
  expect(run).toThrow(expect.objectContaining({ code: 'BAD_CONFIG', exitCode: 64 }));
});
