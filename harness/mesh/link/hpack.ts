/**
 * Header compression (RFC 7541) as the link needs it: the static table, literals without indexing, no Huffman codes, and no
 * dynamic table, which both ends announce to be of size 0.
 */

/** Appendix A. Values are empty where only the name is in the table. */
const STATIC: readonly (readonly [name: string, value: string])[] = (
  ':authority|:method=GET|:method=POST|:path=/|:path=/index.html|:scheme=http|:scheme=https|:status=200|:status=204|' +
  ':status=206|:status=304|:status=400|:status=404|:status=500|accept-charset|accept-encoding=gzip, deflate|' +
  'accept-language|accept-ranges|accept|access-control-allow-origin|age|allow|authorization|cache-control|' +
  'content-disposition|content-encoding|content-language|content-length|content-location|content-range|content-type|' +
  'cookie|date|etag|expect|expires|from|host|if-match|if-modified-since|if-none-match|if-range|if-unmodified-since|' +
  'last-modified|link|location|max-forwards|proxy-authenticate|proxy-authorization|range|referer|refresh|retry-after|' +
  'server|set-cookie|strict-transport-security|transfer-encoding|user-agent|vary|via|www-authenticate'
)
  .split('|')
  .map((entry) => {
    const [name = '', value = ''] = entry.split('=');
    return [name, value];
  });

const NAME_INDEX = new Map<string, number>();
const FIELD_INDEX = new Map<string, number>();
for (const [i, [name, value]] of STATIC.entries()) {
  if (!NAME_INDEX.has(name)) NAME_INDEX.set(name, i + 1);
  if (value) FIELD_INDEX.set(`${name}\0${value}`, i + 1);
}

/** Grows when a block does not fit. */
let scratch = Buffer.allocUnsafe(16 * 1024);

/** A flat list of names (lower case) and values, as a header block. */
export function encodeHeaders(list: readonly string[]): Buffer {
  let at = 0;
  for (let i = 0; i < list.length; i += 2) {
    const name = list[i]!;
    const value = list[i + 1]!;
    const room = at + name.length + value.length + 16;
    if (room > scratch.length) scratch = Buffer.concat([scratch.subarray(0, at)], 2 * room);
    const nameIndex = NAME_INDEX.get(name);
    const field = nameIndex === undefined || nameIndex > 16 ? undefined : FIELD_INDEX.get(`${name}\0${value}`);
    if (field !== undefined) {
      scratch[at++] = 0x80 | field;
      continue;
    }
    if (nameIndex !== undefined) at = writeInteger(0x00, 4, nameIndex, at);
    else {
      scratch[at++] = 0;
      at = writeText(name, at);
    }
    at = writeText(value, at);
  }
  return Buffer.from(scratch.subarray(0, at));
}

function writeText(text: string, at: number): number {
  const start = writeInteger(0x00, 7, text.length, at);
  return start + scratch.write(text, start, 'latin1');
}

function writeInteger(flags: number, prefixBits: number, value: number, at: number): number {
  const most = (1 << prefixBits) - 1;
  if (value < most) {
    scratch[at] = flags | value;
    return at + 1;
  }
  scratch[at++] = flags | most;
  let rest = value - most;
  for (; rest >= 128; rest >>>= 7) scratch[at++] = (rest & 127) | 128;
  scratch[at++] = rest;
  return at;
}

/** @throws Error on what the link does not use, or a block that is cut */
export function decodeHeaders(block: Buffer): string[] {
  const list: string[] = [];
  const reader = { block, at: 0 };
  while (reader.at < block.length) {
    const first = block[reader.at]!;
    if (first & 0x80) {
      const [name, value] = entry(readInteger(reader, 7));
      list.push(name, value);
    } else if ((first & 0xe0) === 0x20) {
      if (readInteger(reader, 5) !== 0) throw new Error('a dynamic table was announced to be of size 0');
    } else {
      const index = readInteger(reader, first & 0x40 ? 6 : 4);
      list.push(index === 0 ? readText(reader) : entry(index)[0], readText(reader));
    }
  }
  return list;
}

function entry(index: number): readonly [string, string] {
  const found = STATIC[index - 1];
  if (!found) throw new Error(`no entry ${index} in the static table`);
  return found;
}

function readText(reader: { block: Buffer; at: number }): string {
  if (reader.block[reader.at]! & 0x80) throw new Error('Huffman codes are not used on this link');
  const length = readInteger(reader, 7);
  const end = reader.at + length;
  if (end > reader.block.length) throw new Error('the header block is cut');
  const text = reader.block.toString('latin1', reader.at, end);
  reader.at = end;
  return text;
}

function readInteger(reader: { block: Buffer; at: number }, prefixBits: number): number {
  const most = (1 << prefixBits) - 1;
  let value = (reader.block[reader.at++] ?? 0) & most;
  if (value < most) return value;
  for (let shift = 0; ; shift += 7) {
    const byte = reader.block[reader.at++];
    if (byte === undefined || shift > 21) throw new Error('the header block is cut');
    value += (byte & 127) << shift;
    if (byte < 128) return value;
  }
}
