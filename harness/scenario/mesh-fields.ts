import { isIP } from 'node:net';
import { z } from 'zod';
import type { DefaultPolicy } from '../core/policy.ts';
import { shorten } from './error.ts';
import { whole } from './fields.ts';

/** Building blocks of the schema that are about protocols, routes and policy; messages as in fields.ts. */

export const PROTOCOLS = ['http', 'http2', 'grpc', 'tcp'] as const;

export const DEFAULT_POLICIES = [
  'all-unauthenticated',
  'all-authenticated',
  'cluster-unauthenticated',
  'cluster-authenticated',
  'deny',
  'audit',
] as const satisfies DefaultPolicy[];

/** Codes that `retry.linkerd.io/grpc` knows. */
export const GRPC_RETRY_CODES = [
  'cancelled',
  'deadline-exceeded',
  'internal',
  'resource-exhausted',
  'unavailable',
] as const;

export function port() {
  return whole(1, 65_535);
}

/** Name of a label or an annotation. */
export function labelKey() {
  return z.string().regex(/^([a-z0-9.-]{1,200}\/)?[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$/, {
    error: 'this is not a label name\nletters, digits, `-`, `_` and `.`, as in `team` or `example.com/team`',
  });
}

export function labelValue() {
  return z.string().regex(/^([A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?)?$/, {
    error: 'this is not a label value\nletters, digits, `-`, `_` and `.`, 63 at most',
  });
}

/** A .proto beside the scenario. */
export function protoFile() {
  return z
    .string()
    .max(300)
    .regex(/^(?!\/)[\w./ -]+\.proto$/, {
      error: (issue) =>
        `\`${shorten(String(issue.input))}\` is no .proto\nwrite its path from the scenario's folder, as in \`shop.proto\``,
    })
    .meta({ examples: ['shop.proto'] });
}

/** Low and high end from `503`, `500-504`, or one of `names`. */
export function httpStatuses(names: string[]) {
  const examples = [...names.slice(0, 1), '500-504'];
  return z
    .union([whole(100, 599), z.string().max(20)])
    .meta({ examples })
    .transform((written, context): [low: number, high: number] => {
      const text = String(written);
      if (names.includes(text)) return text === '5xx' ? [500, 599] : [502, 504];
      const [low, high] = /^([1-5]\d\d)(?:-([1-5]\d\d))?$/.exec(text)?.slice(1) ?? [];
      const range: [number, number] = [Number(low), Number(high ?? low)];
      if (low && range[0] <= range[1]) return range;
      const hint = [...names.map((name) => `\`${name}\``), '`503`', '`500-504`'].join(', ');
      context.addIssue({ code: 'custom', message: `\`${shorten(text)}\` is no range of statuses\nwrite ${hint}` });
      return z.NEVER;
    });
}

/** What Rust's regular expressions, which proxies use, do not have. */
const NOT_IN_RUST = /\(\?(?:[=!]|<[=!])|\\[1-9]|\\k</;

export function pathRegex() {
  return z
    .string()
    .min(1)
    .max(200)
    .superRefine((text, context) => {
      const no = (why: string, hint: string) =>
        context.addIssue({ code: 'custom', message: `\`${shorten(text)}\` ${why}\n${hint}` });
      try {
        new RegExp(`^(?:${text})$`);
      } catch (error) {
        const why = (error as Error).message.split(': ').at(-1);
        no(`is no regular expression: ${why}`, 'as in `/items/[0-9]+`; the whole path must match');
        return;
      }
      if (NOT_IN_RUST.test(text)) {
        no('has what proxies do not know', 'no look-around and no back-references, as in Rust');
      }
    })
    .meta({ examples: ['/items/[0-9]+'] });
}

/** A header's name, in lower case. */
export function headerName() {
  return z
    .string()
    .max(100)
    .regex(/^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/, { error: 'this is no name of a header\nas in `x-meshproof-caller`' })
    .transform((name) => name.toLowerCase());
}

export function headerValue() {
  return z
    .string()
    .max(500)
    .regex(/^[\x20-\x7e]+$/, { error: 'this is no value of a header\nletters, digits and punctuation' });
}

/** `10.0.0.0/8`, `fd00::/8`. */
export function cidr() {
  return z
    .string()
    .max(60)
    .superRefine((text, context) => {
      const [address = '', bits = ''] = text.split('/');
      const version = isIP(address);
      const most = version === 6 ? 128 : 32;
      if (version !== 0 && /^\d{1,3}$/.test(bits) && Number(bits) <= most && text.split('/').length === 2) return;
      const hint = version !== 0 && bits === '' ? `write \`${address}/${most}\`` : 'write `10.0.0.0/8`, for example';
      context.addIssue({ code: 'custom', message: `\`${shorten(text)}\` is no network\n${hint}` });
    })
    .meta({ examples: ['10.0.0.0/8', '127.0.0.1/32'] });
}

/** `[namespace/]name` of another object. */
export function policyRef(example: string) {
  return z
    .string()
    .max(130)
    .regex(/^([a-z0-9][a-z0-9-]{0,62}\/)?[a-z0-9][a-z0-9-]{0,62}$/, {
      error: (issue) =>
        `\`${shorten(String(issue.input))}\` is no name of an object\nwrite \`name\` or \`namespace/name\`, as in \`${example}\``,
    })
    .meta({ examples: [example] });
}
