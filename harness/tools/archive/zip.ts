import { createReadStream, createWriteStream } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { createInflateRaw } from 'node:zlib';

/** At the end of every zip; a comment of 64 KiB at most may follow it. */
const END = { signature: 0x06054b50, length: 22, mostAfter: 65_535 };
const ENTRY = { signature: 0x02014b50, length: 46 };
const LOCAL = { signature: 0x04034b50, length: 30 };
const METHOD = { stored: 0, deflated: 8 };
/** In place of a number that does not fit: zip64, which no archive of a program needs. */
const TOO_LARGE = 0xffffffff;

/**
 * Takes one file out of a .zip.
 * @param member its path in the archive
 * @throws Error when the archive is none, is cut off, or has no such file
 */
export async function takeFromZip(archive: string, member: string, to: string): Promise<void> {
  const entry = await findEntry(archive, member);
  if (entry.size === 0) throw new Error(`its file ${member} is empty`);
  const packed = createReadStream(archive, { start: entry.from, end: entry.from + entry.size - 1 });
  const target = createWriteStream(to);
  if (entry.method === METHOD.stored) return pipeline(packed, target);
  if (entry.method === METHOD.deflated) return pipeline(packed, createInflateRaw(), target);
  throw new Error(`its file ${member} is packed in an unusual way (${entry.method})`);
}

interface Entry {
  method: number;
  /** Where its packed bytes are in the archive. */
  from: number;
  size: number;
}

async function findEntry(archive: string, member: string): Promise<Entry> {
  await using file = await open(archive, 'r');
  const { size } = await file.stat();
  const directory = await readDirectory(file, size);
  for (let at = 0; at + ENTRY.length <= directory.length; ) {
    if (directory.readUInt32LE(at) !== ENTRY.signature) throw new Error('its table of contents is damaged');
    const [nameLength, extraLength, commentLength] = [28, 30, 32].map((of) => directory.readUInt16LE(at + of));
    const nameFrom = at + ENTRY.length;
    if (directory.toString('utf8', nameFrom, nameFrom + nameLength!) === member) {
      const [packedSize, local] = [20, 42].map((of) => directory.readUInt32LE(at + of)) as [number, number];
      if (packedSize === TOO_LARGE || local === TOO_LARGE) throw new Error(`its file ${member} is too large`);
      const method = directory.readUInt16LE(at + 10);
      return { method, from: await dataOf(file, local), size: packedSize };
    }
    at = nameFrom + nameLength! + extraLength! + commentLength!;
  }
  throw new Error(`it has no file ${member}`);
}

async function readDirectory(file: FileHandle, size: number): Promise<Buffer> {
  const tail = await readAt(file, Math.max(0, size - END.length - END.mostAfter), size);
  for (let at = tail.length - END.length; at >= 0; at -= 1) {
    if (tail.readUInt32LE(at) !== END.signature) continue;
    const [length, from] = [12, 16].map((of) => tail.readUInt32LE(at + of)) as [number, number];
    if (from + length > size) break;
    return readAt(file, from, from + length);
  }
  throw new Error('it is no zip archive, or it is cut off');
}

/** Behind the header that precedes it, whose length is in itself. */
async function dataOf(file: FileHandle, local: number): Promise<number> {
  const header = await readAt(file, local, local + LOCAL.length);
  if (header.length < LOCAL.length || header.readUInt32LE(0) !== LOCAL.signature) throw new Error('it is damaged');
  return local + LOCAL.length + header.readUInt16LE(26) + header.readUInt16LE(28);
}

async function readAt(file: FileHandle, from: number, until: number): Promise<Buffer> {
  const buffer = Buffer.alloc(until - from);
  const { bytesRead } = await file.read(buffer, 0, buffer.length, from);
  return buffer.subarray(0, bytesRead);
}
