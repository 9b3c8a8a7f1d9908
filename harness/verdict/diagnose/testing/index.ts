import { diagnoseAsking } from '../engine.ts';
import type { Finding, Rule, RunFacts } from '../types.ts';
import type { TestMesh } from './mesh.ts';

export { anyMesh, anyWord } from './arbitrary.ts';
export type { Broken } from './broken.ts';
export { BROKEN_DISCOVERY } from './broken-discovery.ts';
export { BROKEN_SCRAPES } from './broken-scrapes.ts';
export { Draw } from './draw.ts';
export { copyOf, keep, keepProxies, relabelRule, scrapeJob, vizJobs } from './jobs.ts';
export { idOf, SHOP, TestMesh, type TestMeshOptions, type TestService } from './mesh.ts';
export { unreadPage } from './pages.ts';
export { passedRun, topologyOf } from './run.ts';

/** What a diagnosis of the mesh comes to when every question is answered. */
export async function diagnoseMesh(
  mesh: TestMesh,
  run: RunFacts | null = null,
  rules?: readonly Rule[],
): Promise<Finding[]> {
  const input = { evidence: mesh.evidence(), run };
  const { findings } = await diagnoseAsking(input, async (question) => mesh.answer(question), rules);
  return findings;
}

/** Cause and pods of each finding, for comparisons. */
export function named(findings: readonly Finding[]): { causes: readonly string[]; pods: string[] }[] {
  return findings.map(({ causes, pods }) => ({ causes, pods }));
}
