/** Header sections of HTTP/1.1 are read up to this size, so that only the mesh ever refuses one. (HTTP/2: Node's own 64 KiB.) */
export const HEADER_SECTION_BYTES = 2 * 1024 * 1024;
