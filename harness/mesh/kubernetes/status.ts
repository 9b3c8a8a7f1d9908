/** Status objects: what a Kubernetes API server answers when it does not answer with what was asked for. */

export interface Status {
  kind: 'Status';
  apiVersion: 'v1';
  metadata: Record<string, never>;
  status: 'Failure';
  message: string;
  reason: string;
  details?: {
    name?: string;
    kind?: string;
    retryAfterSeconds?: number;
    causes?: { reason: string; message: string }[];
  };
  code: number;
}

/** Ends the handling of a request with a Status. */
export class StatusError extends Error {
  readonly status: Status;
  constructor(status: Status) {
    super(status.message);
    this.name = 'StatusError';
    this.status = status;
  }
}

function status(code: number, reason: string, message: string, details?: Status['details']): Status {
  const base = { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', message, reason } as const;
  return details ? { ...base, details, code } : { ...base, code };
}

export const unauthorized = () => status(401, 'Unauthorized', 'Unauthorized');

/** What was asked for, as RBAC sees it. */
export interface ResourceAttempt {
  user: string;
  verb: string;
  apiGroup: string;
  /** With the subresource: `pods`, `nodes/proxy`. */
  resource: string;
  /** null: the whole cluster. */
  namespace: string | null;
  name: string | null;
}

export function forbidden(attempt: ResourceAttempt): Status {
  const kind = attempt.resource.split('/')[0]!;
  const scope = attempt.namespace === null ? 'at the cluster scope' : `in the namespace "${attempt.namespace}"`;
  const subject = attempt.name === null ? kind : `${kind} "${attempt.name}"`;
  return status(
    403,
    'Forbidden',
    `${subject} is forbidden: User "${attempt.user}" cannot ${attempt.verb} resource "${attempt.resource}" in API group "${attempt.apiGroup}" ${scope}`,
    attempt.name === null ? { kind } : { name: attempt.name, kind },
  );
}

export function forbiddenPath(user: string, verb: string, path: string): Status {
  return status(403, 'Forbidden', `forbidden: User "${user}" cannot ${verb} path "${path}"`, {});
}

export function notFound(resource: string, name: string): Status {
  return status(404, 'NotFound', `${resource} "${name}" not found`, { name, kind: resource });
}

export const unknownPath = () => status(404, 'NotFound', 'the server could not find the requested resource', {});

export const methodNotAllowed = () =>
  status(405, 'MethodNotAllowed', 'the server does not allow this method on the requested resource', {});

export const notAcceptable = () =>
  status(406, 'NotAcceptable', 'only the following media types are accepted: application/json');

export const badRequest = (message: string) => status(400, 'BadRequest', message);

/** Options that contradict one another. */
export function invalidListOptions(field: string, problem: string): Status {
  return status(422, 'Invalid', `ListOptions.meta.k8s.io "" is invalid: ${field}: ${problem}`, {
    kind: 'ListOptions',
    causes: [{ reason: 'FieldValueForbidden', message: problem }],
  });
}

/** 410: history no longer reaches back that far; the client must list again. */
export function expired(asked: number, oldest: number): Status {
  return status(410, 'Expired', `too old resource version: ${asked} (${oldest})`);
}

export const expiredContinue = () =>
  status(
    410,
    'Expired',
    'The provided continue parameter is too old to display a consistent list result. You must start a new list without the continue parameter.',
  );

/** The client has seen versions that this server has not. */
export function tooLarge(asked: number, current: number): Status {
  const message = 'Too large resource version';
  return status(504, 'Timeout', `${message}: ${asked}, current: ${current}`, {
    retryAfterSeconds: 1,
    causes: [{ reason: 'ResourceVersionTooLarge', message }],
  });
}
