import { z } from 'zod';
import {
  bareNumber,
  formatDuration,
  formatSize,
  parseDuration,
  parsePercent,
  parseRate,
  parseSize,
  UNIT_PATTERNS,
  UnitError,
} from '../core/units.ts';
import { shorten } from './error.ts';

/**
 * The building blocks of the schema. A message is written as `problem\nhint`; the message of an unknown field begins
 * with KNOWN_FIELDS and lists what there is. `explain.ts` reads both.
 */
export const KNOWN_FIELDS = 'known fields: ';

/** An object that refuses fields it does not know. */
export function fields<T extends z.core.$ZodLooseShape>(shape: T) {
  return z.strictObject(shape, {
    error: (issue) => (issue.code === 'unrecognized_keys' ? KNOWN_FIELDS + Object.keys(shape).join(',') : undefined),
  });
}

type UnitName = 'duration' | 'rate' | 'percentage' | 'size';

function withUnit(what: UnitName, pattern: string, examples: string[], parse: (text: string) => number) {
  return z
    .string({
      error: (issue) => {
        if (typeof issue.input !== 'number') return undefined;
        const { message, hint } = bareNumber(what, issue.input);
        return `${message}\n${hint}`;
      },
    })
    .meta({ pattern, examples })
    .transform((text, context) => {
      try {
        return parse(text);
      } catch (error) {
        if (!(error instanceof UnitError)) throw error;
        context.addIssue({ code: 'custom', message: `${error.message}\n${error.hint}` });
        return z.NEVER;
      }
    });
}

/** Milliseconds from `8ms`; `min` and `max` in milliseconds. */
export function duration(limits: { min?: number; max?: number; examples?: string[] } = {}) {
  const { min = 0, max = 3_600_000, examples = ['8ms', '2s'] } = limits;
  return withUnit('duration', UNIT_PATTERNS.duration, examples, (text) => {
    const ms = parseDuration(text);
    if (ms < min) throw new UnitError(`\`${shorten(text)}\` is too short`, `at least ${formatDuration(min)}`);
    if (ms > max) throw new UnitError(`\`${shorten(text)}\` is too long`, `at most ${formatDuration(max)}`);
    return ms;
  });
}

/** Requests per second from `50/s`. */
export function rate(limits: { positive?: boolean } = {}) {
  return withUnit('rate', UNIT_PATTERNS.rate, ['50/s', '30/m'], (text) => {
    const perSecond = parseRate(text);
    if (limits.positive && perSecond === 0) throw new UnitError('the rate is zero', 'write at least `1/m`');
    if (perSecond > MAX_RATE) throw new UnitError(`\`${shorten(text)}\` is too much`, `at most ${MAX_RATE}/s`);
    return perSecond;
  });
}
const MAX_RATE = 20_000;

/** A ratio from 0 to 1, from `2%`. */
export function percent() {
  return withUnit('percentage', UNIT_PATTERNS.percent, ['2%', '0.5%'], parsePercent);
}

/** Bytes from `2KiB`. */
export function size(maxBytes = 10 * 1024 * 1024) {
  return withUnit('size', UNIT_PATTERNS.size, ['512B', '2KiB'], (text) => {
    const bytes = parseSize(text);
    if (bytes > maxBytes) throw new UnitError(`\`${shorten(text)}\` is too much`, `at most ${formatSize(maxBytes)}`);
    return bytes;
  });
}

const DNS_LABEL = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;
const NAME_HINT = 'lower-case letters, digits and `-`, 63 at most, as in `cart-2` (a DNS-1123 label)';

export function isDnsLabel(text: string): boolean {
  return DNS_LABEL.test(text);
}

/** A DNS-1123 label: names of services, namespaces, scenarios, streams of traffic. */
export function dnsLabel() {
  return z.string().regex(DNS_LABEL, {
    error: (issue) => `\`${shorten(String(issue.input))}\` is not a name that Kubernetes takes\n${NAME_HINT}`,
  });
}

const RESERVED_NAMESPACES = [
  'linkerd',
  'linkerd-viz',
  'meshproof',
  'kube-system',
  'kube-public',
  'kube-node-lease',
] as const;

export function namespaceName() {
  return dnsLabel().refine((name) => !(RESERVED_NAMESPACES as readonly string[]).includes(name), {
    error: (issue) =>
      `the namespace \`${issue.input}\` is reserved\ntaken by the mesh and the cluster: ${RESERVED_NAMESPACES.join(', ')}`,
  });
}

/** `[namespace/]service`. */
export function serviceRef(examples = ['cart', 'shop/cart']) {
  return z
    .string()
    .regex(/^([a-z0-9][a-z0-9-]{0,62}\/)?[a-z0-9][a-z0-9-]{0,62}$/, {
      error: (issue) =>
        `\`${shorten(String(issue.input))}\` names no service\nwrite \`service\` or \`namespace/service\`, as in \`shop/cart\``,
    })
    .meta({ examples });
}

const PATH = /^\/[A-Za-z0-9._~!$&'()*+,;=:@%/-]*$/;
/** Paths of the services' own probes. */
const PROBE_PATHS = ['/healthz', '/readyz'];

/** An exact path. */
export function httpPath() {
  return z
    .string()
    .max(200)
    .regex(PATH, {
      error: (issue) =>
        `\`${shorten(String(issue.input))}\` is not a path\nbegin with \`/\`; no spaces, \`?\` or \`#\`; a path is matched exactly`,
    })
    .refine((path) => !PROBE_PATHS.includes(path), {
      error: (issue) => `\`${issue.input}\` is kept for the services' probes\nchoose another path`,
    })
    .meta({ examples: ['/checkout'] });
}

export const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD'] as const;

export function httpMethod() {
  return z.enum(METHODS);
}

/** A whole number between two others. */
export function whole(min: number, max: number) {
  return z.number().int().min(min).max(max);
}
