import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { AUTO_INCARNATION, type OriginRequest, type ServiceProcessConfig } from '../contract.ts';
import { EXIT, ServiceFailure } from '../failure.ts';

export const ORIGIN_FILE = 'origin.json';

/** The timeline's zero, shared by everything in the process; null until it is told. */
export class Origin {
  #epochMs: number | null;
  readonly #files: string[];

  private constructor(files: string[]) {
    this.#files = files;
    this.#epochMs = files.map(read).find((epochMs) => epochMs !== null) ?? null;
  }

  /**
   * The origin of a process; pods that number their incarnations themselves keep it beside their journals, because nobody
   * tells it again to a container that was restarted.
   * @throws ServiceFailure ORIGIN_LOST when what was kept can't be read
   */
  static of(config: ServiceProcessConfig): Origin {
    const pods = config.workloads.flatMap((workload) => workload.pods);
    return new Origin(
      pods.filter((pod) => pod.incarnation === AUTO_INCARNATION).map((pod) => join(pod.journalDir, ORIGIN_FILE)),
    );
  }

  get epochMs(): number | null {
    return this.#epochMs;
  }

  /** It is kept when this returns. Throws what the file system throws. */
  set(originEpochMs: number): void {
    const kept: OriginRequest = { originEpochMs };
    for (const file of this.#files) {
      // Renamed, so that a kill half-way leaves the old one or the new one.
      writeFileSync(`${file}.new`, JSON.stringify(kept));
      renameSync(`${file}.new`, file);
    }
    this.#epochMs = originEpochMs;
  }
}

function read(file: string): number | null {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw lost(file, (cause as Error).message);
  }
  try {
    const { originEpochMs } = JSON.parse(text) as Partial<OriginRequest>;
    if (typeof originEpochMs === 'number') return originEpochMs;
  } catch {
    // Told below.
  }
  throw lost(file, 'it names no origin');
}

/** Without it the timeline would not happen, and nobody would know. */
function lost(file: string, why: string): ServiceFailure {
  return new ServiceFailure('ORIGIN_LOST', EXIT.io, `${file} can't be read: ${why}`, { file });
}
