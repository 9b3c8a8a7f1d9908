import type { StatusObject } from '@grpc/grpc-js';

/** How an answer that came to its end ended. */
export interface GrpcEnd {
  /** HTTP's. */
  status: number;
  /** null: there was no grpc-status. */
  code: number | null;
}

/** The library's words for an answer without grpc-status in its last headers. */
const HTTP_ONLY = /^Received HTTP status code (\d{3})$/;
/** For one that ended without last headers. */
const NO_STATUS = /\(Call ended without gRPC status\)$/;
/** For what never was an answer: it makes up a code then. */
const MADE_UP = [
  /^Received RST_STREAM with code /,
  /^Stream refused by server$/,
  /^Call cancelled$/,
  /^Cancelled on client$/,
  /^Connection dropped/,
  /^Bandwidth exhausted or memory limit exceeded$/,
  /^Protocol not secure enough$/,
  /^No connection established/,
  /^Name resolution failed /,
  /^Channel closed before call started$/,
  /^Failed to start HTTP\/2 stream /,
  /^Write (error:|failed with error) /,
  /\b(ECONNRESET|ECONNREFUSED|EPIPE|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|ENOTFOUND|EAI_AGAIN)\b/,
];

/**
 * What the peer said at the end; null when it said nothing and the library made a code up. The library tells the two apart
 * by its words only: what comes from a peer has the peer's further headers, or none of these words.
 * @param headersCame headers have come before the end
 */
export function readEnd(status: StatusObject, headersCame: boolean): GrpcEnd | null {
  const { code, details, metadata } = status;
  const http = HTTP_ONLY.exec(details);
  if (http) return { status: Number(http[1]), code: null };
  if (NO_STATUS.test(details)) return headersCame ? { status: 200, code: null } : null;
  const fromPeer = Object.keys(metadata.getMap()).length > 0 || code === 0;
  if (!fromPeer && MADE_UP.some((words) => words.test(details))) return null;
  return { status: 200, code };
}

/** What a caller that speaks HTTP makes of it; null: it was no failure. */
export function failureOf({ status, code }: GrpcEnd): number | null {
  if (code === null) return status >= 500 ? status : 500;
  return FAILURES[code] ?? null;
}

/** The codes that count as failures (Linkerd's list). */
const FAILURES: Record<number, number> = { 2: 500, 4: 504, 7: 500, 13: 500, 14: 503, 15: 500 };
