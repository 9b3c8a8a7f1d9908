import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { tempDir } from '../run/testing/tools.ts';
import type { UpgradeOptions } from './options.ts';
import { Sides } from './sides.ts';

it.each(['from', 'to'] as const)('names a Prometheus that can not be used by its own option: %s', async (which) => {
  await using dir = await tempDir();
  const usable = join(dir.path, 'prometheus');
  await writeFile(usable, '#!/bin/sh\necho "prometheus, version 3.15.0 (branch: x)"\n', { mode: 0o755 });
  const options = {
    prometheus: { from: usable, to: usable, [which]: '/nowhere/prometheus' },
    tools: {},
    progress: { note: () => {} },
    signal: new AbortController().signal,
  } as unknown as UpgradeOptions;
  await expect(new Sides(options).checkPrometheus()).rejects.toMatchObject({
    code: 'TOOL_UNUSABLE',
    message: expect.stringContaining('/nowhere/prometheus'),
    hint: `correct --prometheus-${which}`,
    exitCode: 2,
  });
});
