import { HarnessError } from '../../core/errors.ts';
import type { Child } from '../../core/process.ts';

/** What a service said of its end, in the JSON line with which it ends; null when it said nothing. */
export function serviceFailure(child: Pick<Child, 'name' | 'logFile' | 'tail'>): HarnessError | null {
  const { code, message } = parse(child.tail(1)) ?? {};
  if (typeof code !== 'string' || typeof message !== 'string') return null;
  const hint = HINTS[code] ?? `its log is ${child.logFile}`;
  return new HarnessError(code, `${child.name}: ${message}`, { hint });
}

const HINTS: Record<string, string> = {
  PORT_TAKEN: 'end what listens there, or let the addresses be chosen (leave MESHPROOF_LOOPBACK unset)',
};

function parse(line: string): { code?: unknown; message?: unknown } | null {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' ? value : null;
  } catch {
    return null;
  }
}
