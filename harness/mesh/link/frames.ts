/** Frames of HTTP/2 (RFC 9113, 4 and 6). */
export const FRAME = {
  data: 0,
  headers: 1,
  reset: 3,
  settings: 4,
  ping: 6,
  goAway: 7,
  windowUpdate: 8,
  continuation: 9,
} as const;
export const FLAG = { endStream: 1, ack: 1, endHeaders: 4, padded: 8, priority: 32 } as const;
export const HEADER_BYTES = 9;
/** SETTINGS_MAX_FRAME_SIZE, which neither end raises. */
export const MAX_FRAME_BYTES = 16_384;
export const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'latin1');
/** Windows before anything is announced. */
export const DEFAULT_WINDOW = 65_535;

export const SETTING = { headerTableSize: 1, enablePush: 2, initialWindowSize: 4 } as const;

export function frameHeader(type: number, flags: number, stream: number, length: number): Buffer {
  const header = Buffer.allocUnsafe(HEADER_BYTES);
  header.writeUIntBE(length, 0, 3);
  header[3] = type;
  header[4] = flags;
  header.writeUInt32BE(stream, 5);
  return header;
}

/** A frame whose payload is one number of 32 bits: RST_STREAM, WINDOW_UPDATE. */
export function numberFrame(type: number, stream: number, value: number): Buffer {
  const frame = Buffer.allocUnsafe(HEADER_BYTES + 4);
  frame.writeUIntBE(4, 0, 3);
  frame[3] = type;
  frame[4] = 0;
  frame.writeUInt32BE(stream, 5);
  frame.writeUInt32BE(value, 9);
  return frame;
}

export function settingsFrame(settings: readonly (readonly [id: number, value: number])[]): Buffer {
  const payload = Buffer.alloc(6 * settings.length);
  for (const [i, [id, value]] of settings.entries()) {
    payload.writeUInt16BE(id, 6 * i);
    payload.writeUInt32BE(value, 6 * i + 2);
  }
  return Buffer.concat([frameHeader(FRAME.settings, 0, 0, payload.length), payload]);
}
