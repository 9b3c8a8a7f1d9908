import type { PathMatch, RouteMatch } from '../../core/policy.ts';
import type { Path } from '../error.ts';
import type { GrpcMatchEntry, HttpMatchEntry } from '../schema/matches.ts';
import { didYouMean } from '../suggest.ts';
import type { CatalogueService } from './catalogue.ts';
import type { Context } from './context.ts';

/** Matches of an HTTPRoute. */
export function toHttpMatches(entries: HttpMatchEntry[], at: Path, context: Context): RouteMatch[] {
  return entries.map((entry, i) => {
    const paths: { field: string; match: PathMatch }[] = [];
    if (entry.path !== undefined) paths.push({ field: 'path', match: { type: 'Exact', value: entry.path } });
    if (entry.prefix !== undefined) paths.push({ field: 'prefix', match: { type: 'PathPrefix', value: entry.prefix } });
    if (entry.pathRegex !== undefined) {
      paths.push({ field: 'pathRegex', match: { type: 'RegularExpression', value: entry.pathRegex } });
    }
    const [first, second] = paths;
    if (first && second) {
      context.report(
        [...at, i, second.field],
        `\`${first.field}\` and \`${second.field}\` exclude each other`,
        'keep one',
      );
    }
    return { path: first?.match ?? null, method: entry.method ?? null, headers: toHeaders(entry.headers) };
  });
}

/** Matches of a GRPCRoute: a method is a path, a service everything below one. */
export function toGrpcMatches(
  entries: GrpcMatchEntry[],
  parent: CatalogueService,
  at: Path,
  context: Context,
): RouteMatch[] {
  const methods = parent.proto?.methods.map(({ path }) => path.slice(1).split('/') as [string, string]) ?? [];
  const services = [...new Set(methods.map(([service]) => service))];
  return entries.map((entry, i) => {
    const headers = toHeaders(entry.headers);
    if (entry.service === undefined) {
      if (entry.method !== undefined) {
        context.report(
          [...at, i, 'method'],
          '`method` needs a `service`',
          services.length > 0 ? `add \`service: ${services[0]}\`` : 'add `service: package.Service`',
        );
      }
      return { path: null, method: null, headers };
    }
    const file = parent.proto?.spec.file ?? 'the .proto that ships';
    if (parent.proto && !services.includes(entry.service)) {
      context.report(
        [...at, i, 'service'],
        `there is no service ${entry.service} in ${file}`,
        didYouMean(entry.service, services),
      );
    } else if (parent.proto && entry.method !== undefined) {
      const known = methods.flatMap(([service, method]) => (service === entry.service ? [method] : []));
      if (!known.includes(entry.method)) {
        context.report(
          [...at, i, 'method'],
          `${entry.service} has no method ${entry.method} in ${file}`,
          didYouMean(entry.method, known),
        );
      }
    }
    const path: PathMatch =
      entry.method === undefined
        ? { type: 'PathPrefix', value: `/${entry.service}/` }
        : { type: 'Exact', value: `/${entry.service}/${entry.method}` };
    return { path, method: null, headers };
  });
}

function toHeaders(headers: Record<string, string>): RouteMatch['headers'] {
  return Object.entries(headers).map(([name, value]) => ({ name, value }));
}
