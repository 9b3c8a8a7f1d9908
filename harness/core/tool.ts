/** An external program that was found: which, where, and by which way. */
export interface ResolvedTool {
  name: 'k6' | 'prometheus';
  path: string;
  version: string;
  /** How it was found: `given`, `PATH`, `cache`, `go`. */
  source: string;
}
