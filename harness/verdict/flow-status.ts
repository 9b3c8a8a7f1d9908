import { classificationOf, GRPC_CODES, GRPC_FAILURES, GRPC_WITHOUT_TRAILERS } from '../core/outcome.ts';
import type { Cell } from './cell-table.ts';
import { ANY_200, statusText } from './outcomes.ts';
import type { ScopeBook } from './scopebook.ts';
import type { Instance } from './truth.ts';

/**
 * The status of the flow that a cell belongs to. A cut gRPC answer is counted by its HTTP status; it belongs to the flow of
 * answers without trailers.
 */
export function flowStatus({ category }: Cell, destination: string, instance: Instance, book: ScopeBook): string {
  if (!('status' in category)) return '';
  const cut = category.kind === 'broken' && category.status === ANY_200;
  const grpc = cut && book.truth.protocols.get(destination) === 'grpc';
  return statusText(grpc ? book.dialectOf(instance).outcome(GRPC_WITHOUT_TRAILERS) : category.status);
}

const FAILED_CODES: ReadonlySet<string> = new Set([...GRPC_FAILURES].map((code) => `grpc ${code} ${GRPC_CODES[code]}`));

/** Whether a flow of this status is one of failures, as Linkerd classifies them: 5xx, codes of gRPC, and no headers at all. */
export function isFailureStatus(status: string): boolean {
  if (status === '') return true;
  return /^\d+$/.test(status) ? classificationOf(Number(status)) === 'failure' : FAILED_CODES.has(status);
}
