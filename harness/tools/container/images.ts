import type { ToolName } from '../catalogue.ts';

/** A tool's official image, and where the program is in it. */
export interface ToolImage {
  /** For a version without `v`. */
  name(version: string): string;
  program: string;
}

/** Tools that may run as a container; others (kind) manage containers of this machine. */
export const TOOL_IMAGES: Partial<Record<ToolName, ToolImage>> = {
  prometheus: { name: (version) => `prom/prometheus:v${version}`, program: '/bin/prometheus' },
  k6: { name: (version) => `grafana/k6:${version}`, program: '/usr/bin/k6' },
};
