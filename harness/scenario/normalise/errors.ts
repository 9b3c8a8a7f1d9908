import type { ErrorRule, Protocol, ResponseBody } from '../../../sim-services/contract.ts';
import { GRPC_CODES } from '../../core/outcome.ts';
import { formatPercent, formatSize } from '../../core/units.ts';
import type { Path } from '../error.ts';
import type { ErrorEntry } from '../schema/behaviour.ts';
import type { Context } from './context.ts';

/** Error rules as services follow them; reports rates that add up to over 100 %, and errors of another protocol. */
export function toErrors(entries: ErrorEntry[], protocol: Protocol, path: Path, context: Context): ErrorRule[] {
  const sum = entries.reduce((total, entry) => total + entry.rate, 0);
  if (sum > 1 + 1e-9) {
    context.report(
      path,
      `the error rates add up to ${formatPercent(sum)}, over 100 %`,
      'at most one error applies to a request; lower the rates',
    );
  }
  if (context.complete.protocols) {
    entries.forEach((entry, i) => {
      const why = whyNot(entry, protocol);
      if (why) context.report([...path, i], why.message, why.hint);
    });
  }
  return entries.map((entry) => {
    if ('status' in entry) return { kind: 'status', status: entry.status, rate: entry.rate };
    if ('hang' in entry) return { kind: 'hang', rate: entry.rate };
    if ('close' in entry) return { kind: 'close', rate: entry.rate };
    if ('noTrailers' in entry) return { kind: 'no-trailers', rate: entry.rate };
    if ('reset' in entry) return { kind: 'reset', when: entry.reset, rate: entry.rate };
    const code = typeof entry.grpc === 'number' ? entry.grpc : GRPC_CODES.indexOf(entry.grpc as 'OK');
    return { kind: 'grpc', code, rate: entry.rate };
  });
}

/** As gateways translate them. */
const GRPC_OF_STATUS: Record<number, string> = {
  400: 'INTERNAL',
  401: 'UNAUTHENTICATED',
  403: 'PERMISSION_DENIED',
  404: 'NOT_FOUND',
  429: 'RESOURCE_EXHAUSTED',
  500: 'INTERNAL',
  501: 'UNIMPLEMENTED',
  503: 'UNAVAILABLE',
  504: 'DEADLINE_EXCEEDED',
};

function whyNot(entry: ErrorEntry, protocol: Protocol): { message: string; hint: string } | null {
  const rate = formatPercent(entry.rate);
  if ('status' in entry && protocol === 'grpc') {
    const name = GRPC_OF_STATUS[entry.status] ?? 'UNKNOWN';
    return {
      message: `a gRPC service does not answer ${entry.status}: its HTTP status is always 200`,
      hint: `write \`{ grpc: ${name}, rate: ${rate} }\``,
    };
  }
  if ('status' in entry && protocol === 'tcp') {
    return {
      message: 'a TCP service has no statuses',
      hint: `write \`{ close: true, rate: ${rate} }\`, or \`reset:\` or \`hang:\``,
    };
  }
  if (('grpc' in entry || 'noTrailers' in entry) && protocol !== 'grpc') {
    const what = 'grpc' in entry ? `status ${entry.grpc}` : 'end without trailers';
    return {
      message: `there is no gRPC ${what} in a service of protocol ${protocol}`,
      hint: 'add `protocol: grpc` to the service, or write `{ status: 503, rate: 2% }`',
    };
  }
  return null;
}

/** Reports a reset in the middle of a body that is too short to have one. */
export function checkResets(
  errors: ErrorRule[],
  body: ResponseBody,
  protocol: Protocol,
  path: Path,
  context: Context,
): void {
  // A gRPC message is framed, so that even an empty one has a middle.
  if (protocol !== 'grpc' && body.bytes < 2 && errors.some((e) => e.kind === 'reset' && e.when === 'mid-body')) {
    context.report(path, `a body of ${formatSize(body.bytes)} has no middle to reset in`, 'write a bigger `size:`');
  }
}
