import type { Call } from '../contract.ts';
import type { Journal } from '../ledger/journal.ts';
import type { Callee } from './call.ts';
import { HttpCallee } from './callee.ts';
import type { Egress } from './egress.ts';
import { GrpcCallee } from './grpc/callee.ts';
import { H2Callee } from './http2/callee.ts';
import { TcpCallee } from './tcp/callee.ts';

const CALLEES = { http: HttpCallee, http2: H2Callee, grpc: GrpcCallee, tcp: TcpCallee };

/** Prepares a call by what its callee speaks. */
export function calleeOf(call: Call, caller: string, egress: Egress, journal: Journal): Callee {
  return new CALLEES[call.protocol ?? 'http'](call, caller, egress, journal);
}
