import { HarnessError } from '../../../core/errors.ts';
import type { ResolvedTool } from '../../../core/tool.ts';
import type { KubernetesObject } from '../../kubernetes/contract.ts';
import type { StepContext } from '../contract.ts';

/**
 * The CLI of a release of Linkerd: by the path that was given for it, the tool that is there when it is of that release, or
 * the release's own.
 * @param version undefined: whatever is there
 * @throws HarnessError TOOL_MISSING, TOOL_UNUSABLE, LINKERD_VERSION_DIFFERS
 */
export async function linkerdCli(context: StepContext, version: string | undefined): Promise<ResolvedTool> {
  if (version === undefined) return context.tool('linkerd');
  const path = context.options.linkerdReleases?.[version] ?? null;
  const cli = await context.tool('linkerd', { version, path });
  if (cli.version === version) return cli;
  throw new HarnessError('LINKERD_VERSION_DIFFERS', `${cli.path} is linkerd ${cli.version}, and ${version} is wanted`, {
    hint: `bring the CLI of ${version} and give its path`,
  });
}

interface PodTemplate {
  spec?: { containers?: { image?: string }[]; initContainers?: { image?: string }[] };
}

/** Images that the pods of rendered workloads are made of; the proxies that those inject are among them. */
export function imagesIn(objects: readonly KubernetesObject[]): string[] {
  const templates = objects.flatMap(({ spec }) => {
    const { template, jobTemplate } = (spec ?? {}) as {
      template?: PodTemplate;
      jobTemplate?: { spec?: { template?: PodTemplate } };
    };
    return [template, jobTemplate?.spec?.template];
  });
  const containers = templates.flatMap((template) => [
    ...(template?.spec?.containers ?? []),
    ...(template?.spec?.initContainers ?? []),
  ]);
  return [...new Set(containers.flatMap(({ image }) => image ?? []))].sort();
}

/** A release before 2.19 brings the Gateway API along, in an older version than the one that the cluster has already. */
export function withoutGatewayApi(definitions: readonly KubernetesObject[]): KubernetesObject[] {
  return definitions.filter(({ metadata }) => !metadata.name.endsWith('.gateway.networking.k8s.io'));
}
