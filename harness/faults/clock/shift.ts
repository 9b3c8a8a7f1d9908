/** What a Prometheus whose host's clock is ahead says, made from what it really says; and the reverse for what it is asked. */

const TIME_PARAMS = ['time', 'start', 'end'];
const RFC3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/;
/** Go's zero time stands for `never`. */
const NEVER = /^0001-/;

/** Parameters of a request, by its clock, as parameters by ours. */
export function shiftedRequest(params: URLSearchParams, aheadMs: number): URLSearchParams {
  const shifted = new URLSearchParams(params);
  for (const name of TIME_PARAMS) {
    const value = shifted.get(name);
    if (value) shifted.set(name, shiftTime(value, -aheadMs));
  }
  const expr = shifted.get('query');
  if (expr) shifted.set('query', shiftedQuery(expr, aheadMs));
  return shifted;
}

/** The body of an answer. @param path of the API, e.g. `/api/v1/query` */
export function shiftedAnswer(path: string, body: unknown, aheadMs: number): unknown {
  return /\/query(?:_range)?$/.test(path) ? shiftedResult(body, aheadMs) : shiftedTexts(body, aheadMs);
}

/** Its own page: gauges that hold a moment. */
export function shiftedPage(text: string, aheadMs: number): string {
  return text.replaceAll(
    /^([a-z_]+_(?:timestamp|start_time)_seconds(?:\{.*\})?) ([-+.e\d]+)$/gm,
    (_line, series: string, value: string) => `${series} ${Number(value) + aheadMs / 1000}`,
  );
}

/** Seconds since the epoch or RFC 3339; anything else is left to Prometheus to refuse. */
function shiftTime(value: string, byMs: number): string {
  if (RFC3339.test(value)) return NEVER.test(value) ? value : new Date(Date.parse(value) + byMs).toISOString();
  const seconds = Number(value);
  return Number.isFinite(seconds) ? String(shiftSeconds(seconds, byMs)) : value;
}

function shiftSeconds(seconds: number, byMs: number): number {
  return Math.round(seconds * 1000 + byMs) / 1000;
}

function shiftedResult(body: unknown, aheadMs: number): unknown {
  const { data } = body as { data?: { resultType: string; result: unknown } };
  if (!data) return body;
  const sample = ([t, v]: [number, unknown]) => [shiftSeconds(t, aheadMs), v];
  const series = (one: Record<string, unknown>) => {
    const shifted = { ...one };
    for (const name of ['value', 'histogram']) if (one[name]) shifted[name] = sample(one[name] as [number, unknown]);
    for (const name of ['values', 'histograms']) {
      if (one[name]) shifted[name] = (one[name] as [number, unknown][]).map(sample);
    }
    return shifted;
  };
  const { resultType, result } = data;
  const isSeries = resultType === 'vector' || resultType === 'matrix';
  const shifted = isSeries ? (result as Record<string, unknown>[]).map(series) : sample(result as [number, unknown]);
  return { ...(body as object), data: { ...data, result: shifted } };
}

/** Times stand in other answers as RFC 3339 texts: `lastScrape`, `startTime`, `activeAt`. */
function shiftedTexts(value: unknown, aheadMs: number): unknown {
  if (typeof value === 'string') return RFC3339.test(value) ? shiftTime(value, aheadMs) : value;
  if (Array.isArray(value)) return value.map((one) => shiftedTexts(one, aheadMs));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, shiftedTexts(one, aheadMs)]));
}

/**
 * A query whose `time()`, `timestamp(...)` and `@ seconds` mean the other clock. Texts in quotes are left alone; functions
 * that take the time by themselves (`hour()`) are not seen to.
 */
export function shiftedQuery(expr: string, aheadMs: number): string {
  const by = aheadMs / 1000;
  const plus = by < 0 ? `- ${-by}` : `+ ${by}`;
  let out = '';
  let at = 0;
  /** Where the parenthesis of a `timestamp(` closes: how many are open then. */
  const closing: number[] = [];
  let open = 0;
  while (at < expr.length) {
    const rest = expr.slice(at);
    const quoted = /^(?:"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|`[^`]*`)/s.exec(rest);
    const now = /^time\s*\(\s*\)/.exec(rest);
    const stamp = /^timestamp\s*(?=\()/.exec(rest);
    const moment = /^@\s*([-+]?[\d.]+(?:[eE][-+]?\d+)?)/.exec(rest);
    const word = /^[a-zA-Z_:][\w:]*/.exec(rest);
    if (quoted) out += quoted[0];
    else if (now) out += `(time() ${plus})`;
    else if (moment) out += `@ ${shiftSeconds(Number(moment[1]), -aheadMs)}`;
    else if (stamp) {
      out += `(${stamp[0]}`;
      closing.push(open);
    } else if (word) out += word[0];
    const token = quoted ?? now ?? moment ?? stamp ?? word;
    if (token) {
      at += token[0].length;
      continue;
    }
    const char = expr[at]!;
    if (char === '(') open += 1;
    if (char === ')') open -= 1;
    out += char;
    if (char === ')' && closing.at(-1) === open) {
      closing.pop();
      out += ` ${plus})`;
    }
    at += 1;
  }
  return out;
}
