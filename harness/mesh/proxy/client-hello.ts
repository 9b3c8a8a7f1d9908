const HANDSHAKE_RECORD = 0x16;
const CLIENT_HELLO = 1;
const SERVER_NAME = 0;
const HOST_NAME = 0;

/**
 * The name that a client asks for in its ClientHello (RFC 8446, 4.1.2; RFC 6066, 3): null when it names none, or when it is no
 * ClientHello; undefined when its bytes have not all come.
 */
export function serverNameOf(bytes: Buffer): string | null | undefined {
  if (bytes[0] !== HANDSHAKE_RECORD) return null;
  const reader = new Reader(bytes, 5);
  try {
    if (reader.uint(1) !== CLIENT_HELLO) return null;
    // Length, version, random.
    reader.skip(3 + 2 + 32);
    for (const width of [1, 2, 1]) reader.skip(reader.uint(width));
    const end = reader.uint(2) + reader.at;
    while (reader.at < end) {
      const [type, length] = [reader.uint(2), reader.uint(2)];
      const next = reader.at + length;
      if (type === SERVER_NAME) return hostName(reader, next);
      reader.at = next;
    }
    return null;
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

function hostName(reader: Reader, end: number): string | null {
  reader.skip(2);
  while (reader.at < end) {
    const [kind, length] = [reader.uint(1), reader.uint(2)];
    if (kind === HOST_NAME) return reader.text(length);
    reader.skip(length);
  }
  return null;
}

/** Big-endian numbers one after the other. @throws RangeError at the end of the bytes */
class Reader {
  readonly #bytes: Buffer;
  at: number;

  constructor(bytes: Buffer, at: number) {
    this.#bytes = bytes;
    this.at = at;
  }

  uint(width: number): number {
    const value = this.#bytes.readUIntBE(this.at, width);
    this.at += width;
    return value;
  }

  text(length: number): string {
    if (this.at + length > this.#bytes.length) throw new RangeError('the bytes end here');
    this.at += length;
    return this.#bytes.toString('latin1', this.at - length, this.at);
  }

  skip(length: number): void {
    this.at += length;
  }
}
