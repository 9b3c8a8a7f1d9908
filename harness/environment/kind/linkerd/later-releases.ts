import type { Cluster, StepContext } from '../contract.ts';
import { bringImages } from '../images/bring.ts';
import { renderLinkerd } from './cli.ts';
import { imagesIn, linkerdCli } from './release.ts';

/**
 * Has what the releases that a session comes to later are made of: the CLI of each, and its images in all nodes. A version that
 * nobody has is told when the session opens, and not when everything before it has been run.
 * @param values file of values that they are installed with
 * @throws HarnessError TOOL_MISSING, TOOL_UNUSABLE, LINKERD_VERSION_DIFFERS, LINKERD_CLI_FAILED, IMAGE_MISSING, IMAGE_LOAD_FAILED
 */
export async function bringLaterReleases(cluster: Cluster, context: StepContext, values: string): Promise<void> {
  const { linkerdReleases = {}, linkerdVersion } = context.options;
  const later = Object.keys(linkerdReleases).filter((version) => version !== linkerdVersion);
  const images = new Set<string>();
  for (const version of later) {
    const cli = await linkerdCli(context, version);
    const objects = await renderLinkerd(cli, ['--values', values], { signal: context.signal });
    for (const image of imagesIn(objects)) images.add(image);
  }
  await bringImages([...images], cluster, context);
}
