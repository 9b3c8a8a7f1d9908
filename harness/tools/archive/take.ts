import { takeFromTarGz } from './tar.ts';
import { takeFromZip } from './zip.ts';

/** As zlib says it. */
const WORDS: Record<string, string> = {
  Z_DATA_ERROR: 'it is not packed as its name says, or it is damaged',
  Z_BUF_ERROR: 'it ends in the middle',
  ENOSPC: 'there is no space left for what is in it',
};

/**
 * Takes a program out of a release archive; not with the `tar` of the machine, which is not everywhere, nor always reads zip.
 * @param archive.name what it is called in the release: its ending says what it is
 * @param archive.path where it is
 * @throws Error that names the archive and says what is wrong with it
 */
export async function takeProgram(archive: { name: string; path: string }, member: string, to: string): Promise<void> {
  const { name, path } = archive;
  try {
    if (name.endsWith('.zip')) await takeFromZip(path, member, to);
    else if (/\.(?:tar\.gz|tgz)$/.test(name)) await takeFromTarGz(path, member, to);
    else throw new Error('neither .tar.gz nor .zip');
  } catch (error) {
    const { code = '', message } = error as NodeJS.ErrnoException;
    throw new Error(`${name} can't be unpacked: ${WORDS[code] ?? message}`, { cause: error });
  }
}
