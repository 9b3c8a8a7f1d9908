import { type RunRegistration, registerRun } from '../../core/registry.ts';
import {
  DEFAULT_KIND_OPTIONS,
  type EnvironmentSession,
  type KindOptions,
  type ScenarioContext,
} from '../../environment/contract.ts';
import { kindEnvironment } from '../../environment/kind/provider.ts';

/** The environment `kind`, open, in the cluster that tests share (`make test-kind`). */
export async function openKind(options: Partial<KindOptions>, context: ScenarioContext): Promise<EnvironmentSession> {
  const registration: RunRegistration = registerRun();
  try {
    const session = await kindEnvironment.open(
      { keep: false, kind: { ...DEFAULT_KIND_OPTIONS, reuse: true, ...options } },
      { ...context, runId: registration.runId, registration },
    );
    return {
      start: (scenario, to) => session.start(scenario, to),
      async [Symbol.asyncDispose]() {
        await session[Symbol.asyncDispose]();
        registration.close();
      },
    };
  } catch (error) {
    registration.close();
    throw error;
  }
}
