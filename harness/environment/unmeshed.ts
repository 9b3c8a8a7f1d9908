import { EXIT, HarnessError } from '../core/errors.ts';
import type { Scenario } from '../scenario/model.ts';

/**
 * An unmeshed scenario without what only proxies would do: routes and policies of the mesh, a Prometheus with a sidecar. Any
 * other comes back as it is.
 * @throws HarnessError UNMESHED_NOT_POSSIBLE when it rolls another version out, or has faults, which are the mesh's
 */
export function withoutMesh(scenario: Scenario): Scenario {
  if (!scenario.unmeshed) return scenario;
  const { routing: _routes, policies: _policies, ...rest } = scenario;
  const faults = scenario.faults?.map(({ type }) => type) ?? [];
  if (scenario.rollout) throw impossible(scenario, `no proxies of ${scenario.rollout.toVersion} can be rolled out`);
  if (faults.length > 0) throw impossible(scenario, `there is nothing for its faults to befall (${faults.join(', ')})`);
  return { ...rest, mesh: { ...scenario.mesh, prometheus: 'unmeshed' } };
}

function impossible({ file }: Scenario, why: string): HarnessError {
  return new HarnessError('UNMESHED_NOT_POSSIBLE', `${file}: without a mesh ${why}`, {
    hint: 'take it out of the scenario, or run it in the mesh',
    exitCode: EXIT.invalidInput,
  });
}
