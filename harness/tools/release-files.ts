import { projectFile } from '../core/project.ts';
import { type ReleasePlatform, TOOLS, type ToolName } from './catalogue.ts';
import { pinOf } from './pin.ts';

const GITHUB = 'https://github.com';

/**
 * The files that the resolver would download of the pinned releases, each with the one that has its checksum: what a mirror
 * must have, under the paths that they have at github.com.
 * @returns URLs, each once
 */
export function releaseFiles(
  names: readonly ToolName[],
  platforms: readonly ReleasePlatform[],
  toolsDir = projectFile('tools/'),
): string[] {
  const urls = names.flatMap((name) => {
    const { version } = pinOf(TOOLS[name], toolsDir);
    return platforms.flatMap((platform) => {
      const asset = TOOLS[name].release.asset(version, platform);
      return asset ? [asset.checksums, asset.file].map((file) => `${GITHUB}/${asset.folder}/${file}`) : [];
    });
  });
  return [...new Set(urls)];
}
