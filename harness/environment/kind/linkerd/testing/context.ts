import type { ProgressEvent } from '../../../../core/progress.ts';
import type { ResolvedTool } from '../../../../core/tool.ts';
import type { StepContext } from '../../contract.ts';
import type { GatewayApiPin } from '../gateway-api/sources.ts';

/** What a step of installing a mesh looks at, and what it said. */
export function stepContext(given: {
  cli?: ResolvedTool;
  options?: Partial<StepContext['options']>;
  docker?: StepContext['docker'];
  gatewayApi?: GatewayApiPin;
  signal?: AbortSignal;
}) {
  const notes: string[] = [];
  const steps: string[] = [];
  const context = {
    signal: given.signal ?? new AbortController().signal,
    tool: async () => given.cli,
    options: given.options ?? {},
    docker: given.docker,
    versions: { gatewayApi: given.gatewayApi, linkerd: { version: 'edge-1.2.3' } },
    note: (line: string) => notes.push(line),
    progress: (event: ProgressEvent) => {
      if (event.kind === 'step' && event.state === 'done') steps.push(event.step);
    },
  } as unknown as StepContext;
  return { context, notes, steps };
}
