import { EXIT, HarnessError } from '../../core/errors.ts';

/** What an API server answers when it refuses: `kind: Status`. */
export interface ApiStatus {
  kind: 'Status';
  apiVersion?: string;
  status?: string;
  message?: string;
  reason?: string;
  code?: number;
  details?: {
    name?: string;
    kind?: string;
    retryAfterSeconds?: number;
    causes?: { reason?: string; message?: string; field?: string }[];
  };
}

/** An answer of status 400 and above: CLUSTER_REFUSED for 401 and 403, API_FAILED for any other. */
export class ApiError extends HarnessError {
  readonly status: number;
  /** `NotFound`, `Forbidden`, `Conflict`, ...; empty when the answer was no Status. */
  readonly reason: string;
  readonly body: ApiStatus | null;
  /** What the API said, without what was asked. */
  readonly said: string;
  /** Seconds after which to try again, of a server that has too much to do. */
  readonly retryAfterSeconds: number | null;

  constructor(asked: string, status: number, text: string, retryAfter?: string) {
    const body = parseStatus(text);
    const said = body?.message ?? (firstLine(text) || 'no text');
    const refused = status === 401 || status === 403;
    super(refused ? 'CLUSTER_REFUSED' : 'API_FAILED', `${asked}: ${status}: ${said}`, {
      hint: hintFor(status),
      exitCode: EXIT.environment,
    });
    this.status = status;
    this.reason = body?.reason ?? '';
    this.body = body;
    this.said = said;
    const seconds = Number(retryAfter ?? body?.details?.retryAfterSeconds ?? Number.NaN);
    this.retryAfterSeconds = Number.isFinite(seconds) && seconds >= 0 ? seconds : null;
  }

  /** Whether the API gave this reason among the causes of its refusal. */
  hasCause(reason: string): boolean {
    return this.body?.details?.causes?.some((cause) => cause.reason === reason) ?? false;
  }

  /** The path is none that the server knows, as opposed to an object that is not there. */
  get isUnknownPath(): boolean {
    return this.status === 404 && !this.body?.details?.kind;
  }
}

/** The text as a Status, or null when it is something else. */
export function parseStatus(text: string): ApiStatus | null {
  if (!text.startsWith('{')) return null;
  try {
    const value = JSON.parse(text) as ApiStatus;
    return value.kind === 'Status' && value.apiVersion === 'v1' ? value : null;
  } catch {
    return null;
  }
}

/** The error is the API's answer that there is no such object or path. */
export function isNotFound(error: unknown): boolean {
  return error instanceof ApiError && error.status === 404;
}

export function isUnreachable(error: unknown): error is HarnessError {
  return error instanceof HarnessError && error.code === 'CLUSTER_UNREACHABLE';
}

/** A request that got no (whole) answer. `cause.code` is the system's: ECONNREFUSED, ECONNRESET, ... */
export function unreachable(asked: string, server: string, cause: Error): HarnessError {
  return new HarnessError(
    'CLUSTER_UNREACHABLE',
    `${asked}: the API server ${server} gave no answer: ${reasonOf(cause)}`,
    {
      hint: 'look whether the cluster still runs (`docker ps`) and whether this machine has memory and processor time left',
      cause,
    },
  );
}

/** An error of several addresses (IPv4 and IPv6) has no message of its own. */
function reasonOf(error: Error): string {
  if (error.message) return error.message;
  const first = (error as AggregateError).errors?.[0] as Error | undefined;
  return first?.message ?? (error as NodeJS.ErrnoException).code ?? error.name;
}

function hintFor(status: number): string {
  if (status === 401) return 'the credentials in the kubeconfig are not accepted (expired, or of another cluster)';
  if (status === 403)
    return 'the user of the kubeconfig may not do this; meshproof needs the rights of a cluster admin';
  if (status === 429 || status >= 500) return 'the API server could not answer; see its log on the control-plane node';
  return 'the request does not suit this version of Kubernetes';
}

function firstLine(text: string): string {
  return text.trim().split('\n', 1)[0]!.slice(0, 300);
}
