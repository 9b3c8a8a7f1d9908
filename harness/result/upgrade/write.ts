import { join } from 'node:path';
import { writeWhole } from '../write.ts';
import type { UpgradeResult } from './types.ts';

export const UPGRADE_FILE = 'upgrade.json';

/**
 * Writes `<dir>/upgrade.json` whole or not at all.
 * @returns its path
 * @throws HarnessError RESULTS_NOT_WRITABLE
 */
export function writeUpgrade(dir: string, result: UpgradeResult): Promise<string> {
  return writeWhole(join(dir, UPGRADE_FILE), upgradeText(result));
}

/** As it stands in the file. */
export function upgradeText(result: UpgradeResult): string {
  return `${JSON.stringify(result, null, 2)}\n`;
}
