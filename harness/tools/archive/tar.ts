import { createReadStream, createWriteStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { extract } from 'tar-stream';

/**
 * Takes one file out of a .tar.gz.
 * @param member its path in the archive
 * @throws Error when the archive is none, is cut off, or has no such file
 */
export async function takeFromTarGz(archive: string, member: string, to: string): Promise<void> {
  const entries = extract();
  const flow = pipeline(createReadStream(archive), createGunzip(), entries);
  // What goes wrong with the flow shows in the reading of it.
  flow.catch(() => {});
  // Leaving the loop ends the flow.
  for await (const entry of entries) {
    const { name, type } = entry.header;
    if (name.replace(/^(?:\.\/)+/, '') === member && type === 'file') {
      await pipeline(entry, createWriteStream(to));
      return;
    }
    entry.resume();
  }
  throw new Error(`it has no file ${member}`);
}
