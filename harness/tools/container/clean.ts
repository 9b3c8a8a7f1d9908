import { runCommand } from '../../core/run-command.ts';
import { searchPath } from '../../core/search-path.ts';
import { CONTAINER_LABELS, isOrphan } from './owner.ts';

const DEADLINE_MS = 30_000;
const LIST = [
  ...['ps', '--all', '--filter', `label=${CONTAINER_LABELS.owner}`],
  ...['--format', `{{.ID}}\t{{.Label "${CONTAINER_LABELS.tool}"}}\t{{.Label "${CONTAINER_LABELS.owner}"}}`],
];

export interface CleanedContainer {
  id: string;
  tool: string;
}

/**
 * Removes the tools' containers whose meshproof has gone. As a rule there are none: they end with it.
 * @returns what was removed; nothing when Docker does not answer
 */
export async function cleanContainers(env: NodeJS.ProcessEnv = process.env): Promise<CleanedContainer[]> {
  const [docker] = searchPath('docker', env);
  if (!docker) return [];
  const list = await runCommand(docker, LIST, { deadlineMs: DEADLINE_MS, env });
  if (list.code !== 0) return [];
  const cleaned: CleanedContainer[] = [];
  for (const line of list.stdout.split('\n')) {
    const [id = '', tool = '', owner = ''] = line.split('\t');
    if (!isOrphan({ [CONTAINER_LABELS.owner]: owner })) continue;
    const removal = await runCommand(docker, ['rm', '--force', '--volumes', id], { deadlineMs: DEADLINE_MS, env });
    if (removal.code === 0) cleaned.push({ id, tool });
  }
  return cleaned;
}
