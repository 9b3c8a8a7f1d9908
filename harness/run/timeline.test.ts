import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { ProxyPage } from '../environment/contract.ts';
import { readTimeline } from '../result/timeline/read.ts';
import { judge } from '../verdict/judge.ts';
import { simulate } from '../verdict/testing/simulate.ts';
import { randomWorld } from '../verdict/testing/worlds.ts';
import { Recording } from '../verdict/timeline/recording.ts';
import { tempDir } from './testing/tools.ts';
import { keepTimeline } from './timeline.ts';

function facts() {
  const input = simulate(randomWorld(3, 20));
  const recording = new Recording();
  const judgement = judge(input, recording);
  const mesh = { scrapeIntervalMs: 1000 };
  return { scenario: { name: 'kept', mesh, timeline: [], restarts: [] }, input, judgement, recording };
}

it('stands in the folder of the scenario, with how many series each page has', async () => {
  await using dir = await tempDir();
  const told = facts();
  const [{ namespace, name: pod, instance }] = told.input.topology.pods as [(typeof told.input.topology.pods)[0]];
  const text = '# HELP a b\na{b="#"} 1\n\n# TYPE c counter\nc 2\nc{d="\\n"} 3\n';
  const pages: ProxyPage[] = [{ namespace, pod, instance, fromMs: 0, untilMs: 1, text }];
  expect(await keepTimeline(dir.path, told, pages)).toEqual([]);
  const timeline = await readTimeline(join(dir.path, 'timeline.json'));
  expect(timeline.scenario).toBe('kept');
  expect(timeline.pods.map(({ series }) => series)).toEqual(timeline.pods.map((p) => (p.pod === pod ? 3 : null)));
});

it('is a remark where it cannot be written, and no failure', async () => {
  await using dir = await tempDir();
  const notes = await keepTimeline(join(dir.path, 'gone'), facts(), []);
  expect(notes).toEqual([expect.stringMatching(/^timeline\.json could not be written: .*gone/s)]);
  expect(await readdir(dir.path)).toEqual([]);
});
