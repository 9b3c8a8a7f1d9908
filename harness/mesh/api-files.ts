import { join } from 'node:path';
import type { MeshStarted } from './contract.ts';

/** What a mesh writes into its folder for those who ask its Kubernetes API; known before it runs. */
export function apiFiles(dir: string): Pick<MeshStarted, 'caFile' | 'tokenFile' | 'operator'> {
  return {
    caFile: join(dir, 'ca.crt'),
    tokenFile: join(dir, 'token'),
    operator: { caFile: join(dir, 'operator', 'ca.crt'), tokenFile: join(dir, 'operator', 'token') },
  };
}
