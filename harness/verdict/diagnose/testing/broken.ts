import type { CauseId } from '../../../causes/ids.ts';
import type { Draw } from './draw.ts';
import type { TestMesh } from './mesh.ts';

/** A way to break a healthy mesh: what evidence then looks like, and what a right diagnosis names. */
export interface Broken {
  name: string;
  cause: CauseId;
  needs?: 'native sidecars';
  /** Breaks it. @returns the ids of the pods that are concerned, sorted */
  breaks(mesh: TestMesh, draw: Draw): string[];
}
