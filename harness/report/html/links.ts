/** A relative link to a file. Names of folders may hold anything: whatever they hold, the link stays among the files. */
export function linkTo(path: string): string {
  return path
    .split('/')
    .map((part) => encodeURIComponent(part.toWellFormed()))
    .join('/');
}

/** `2026-01-02 03:04:05 UTC`, of what a record has as ISO 8601. */
export function momentText(iso: string): string {
  const at = new Date(iso);
  return Number.isNaN(at.getTime()) ? iso : `${at.toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}
