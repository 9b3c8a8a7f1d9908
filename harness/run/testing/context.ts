import { registerRun } from '../../core/registry.ts';
import { DEFAULT_KIND_OPTIONS, type EnvironmentSession, type ScenarioContext } from '../../environment/contract.ts';
import { localEnvironment } from '../../environment/local/provider.ts';
import { ToolBox } from '../tool-box.ts';

/** What a scenario is given in tests: nobody watches, nobody interrupts. */
export function quietContext(dir: string, signal = new AbortController().signal): ScenarioContext {
  const note = () => {};
  const { tool } = new ToolBox({ given: {}, note, signal });
  return { dir, tool, note, signal, progress: () => {} };
}

/** The environment `local`, open. */
export async function openLocal(context: ScenarioContext): Promise<EnvironmentSession> {
  const registration = registerRun();
  const session = await localEnvironment.open(
    { keep: false, kind: DEFAULT_KIND_OPTIONS },
    { ...context, runId: registration.runId, registration },
  );
  return {
    start: (scenario, to) => session.start(scenario, to),
    async [Symbol.asyncDispose]() {
      await session[Symbol.asyncDispose]();
      registration.close();
    },
  };
}
