import { createWriteStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { openPromise } from 'yauzl';

/**
 * Takes one file out of a .zip.
 * @param member its path in the archive
 * @throws Error when the archive is none, is cut off, or has no such file
 */
export async function takeFromZip(archive: string, member: string, to: string): Promise<void> {
  const file = await openPromise(archive, { autoClose: false });
  try {
    for await (const entry of file.eachEntry()) {
      if (entry.fileName === member)
        return await pipeline(await file.openReadStreamPromise(entry), createWriteStream(to));
    }
  } finally {
    file.close();
  }
  throw new Error(`it has no file ${member}`);
}
