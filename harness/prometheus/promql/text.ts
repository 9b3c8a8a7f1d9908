/** Building blocks of PromQL text. */

/** A string literal; PromQL's escapes are Go's, of which these suffice for every text. */
export function quote(text: string): string {
  return `"${text.replace(/[\\"\n\r\0]/g, (c) => ESCAPES[c]!)}"`;
}

const ESCAPES: Record<string, string> = { '\\': '\\\\', '"': '\\"', '\n': '\\n', '\r': '\\r', '\0': '\\x00' };

/** `{a="x", b="y"}`, sorted by name, as Linkerd's metrics-api prints label sets. */
export function labelSet(labels: Record<string, string>): string {
  const pairs = Object.keys(labels)
    .sort()
    .map((name) => `${name}=${quote(labels[name]!)}`);
  return `{${pairs.join(', ')}}`;
}
