/** What was asked of an API, request by request: the account that a reader gives of itself. */
export class ReadAccount {
  readonly #entries = new Map<string, ReadEntry>();

  /** Notes one request. The same one twice is one entry, counted. */
  note(request: Omit<ReadEntry, 'count'>): void {
    const key = [request.method, request.path, request.as ?? '', request.outcome].join(' ');
    const known = this.#entries.get(key);
    if (known) known.count += 1;
    else this.#entries.set(key, { ...request, count: 1 });
  }

  /** In the order in which they were asked first. */
  entries(): ReadEntry[] {
    return [...this.#entries.values()];
  }
}

export interface ReadEntry {
  /** Of HTTP. */
  method: string;
  /** As RBAC names it: `get`, `list`, `watch`. */
  verb: string;
  /** With its query; of an API that is no Kubernetes API the whole URL. */
  path: string;
  /** Whom the request impersonated; null: nobody. */
  as: string | null;
  /** The status, or why there was none. */
  outcome: number | string;
  count: number;
}

const RESOURCE = /^\/(?:api\/[^/]+|apis\/[^/]+\/[^/]+)\/(?:namespaces\/[^/]+\/(?=.))?([^/]+)(?:\/(.+))?$/;

/** RBAC's verb of a GET: of a collection `list` or `watch`, of anything else `get`. */
export function verbOfGet(path: string): string {
  const [place = '', query = ''] = path.split(/\?(.*)/s);
  const found = RESOURCE.exec(place);
  if (!found || found[2] !== undefined) return 'get';
  return new URLSearchParams(query).get('watch') === 'true' ? 'watch' : 'list';
}
