import { join } from 'node:path';
import { afterAll } from 'vitest';
import { openLocal, quietContext } from './testing/context.ts';
import { describeEnvironment } from './testing/describe-environment.ts';
import { tempDir } from './testing/tools.ts';

const dir = await tempDir();
afterAll(() => dir[Symbol.asyncDispose]());

describeEnvironment('local', {
  open: () => openLocal(quietContext(dir.path)),
  context: (name, signal) => quietContext(join(dir.path, name), signal),
  deadlineMs: 60_000,
});
