import { expect, it } from 'vitest';
import { outdatedPages } from './pages.ts';

it('docs/causes/ is as the catalogue and the cases make it', async () => {
  // After a change: npx node harness/matrix/pages.ts --update
  expect(await outdatedPages()).toEqual([]);
});
