import { type Document, isNode, LineCounter, parseAllDocuments } from 'yaml';
import type { InputProblem } from '../../result/upgrade/types.ts';
import { problem } from './problem.ts';

/** One document of a YAML file, as data, with the lines on which its parts stand. */
export interface YamlDocument {
  value: unknown;
  /** From 1. Of what stands at a path, or of the nearest around it. */
  lineOf(path: readonly (string | number)[]): number;
}

const HELM =
  /\{\{-|\{\{\s*(?:\.(?:Values|Release|Chart|Capabilities|Files)|include|template|if|else|end|range|with|define)\b/;

/** The documents of a file; those that are no YAML are problems, and the others stay. Empty ones are left out. */
export function readYaml(path: string, text: string): { documents: YamlDocument[]; problems: InputProblem[] } {
  const lines = new LineCounter();
  const documents: YamlDocument[] = [];
  const problems: InputProblem[] = [];
  for (const doc of parseAllDocuments(text, { lineCounter: lines, logLevel: 'silent', merge: true })) {
    const [error] = (doc as Document.Parsed).errors;
    if (error) {
      const line = lines.linePos(error.pos[0]).line;
      if (HELM.test(text)) return { documents: [], problems: [template(`${path}:${line}`)] };
      const what = error.message.split('\n')[0]!.replace(/ at line \d+, column \d+:?$/, '');
      problems.push(
        problem(`${path}:${line}`, 'YAML_SYNTAX', `it is no YAML: ${what}`, 'correct the file', { whole: true }),
      );
      continue;
    }
    let value: unknown;
    try {
      value = doc.toJS();
    } catch (cause) {
      const what = cause instanceof Error ? cause.message : String(cause);
      problems.push(problem(path, 'YAML_SYNTAX', `it is no YAML: ${what}`, 'correct the file', { whole: true }));
      continue;
    }
    if (value === null || value === undefined) continue;
    documents.push({ value, lineOf: (at) => lineOf(doc as Document, lines, at) });
  }
  return { documents, problems };
}

function template(place: string): InputProblem {
  return problem(
    place,
    'TEMPLATE_NOT_RENDERED',
    'it is a Helm template, not yet YAML',
    'render the chart (`helm template`) and give what comes out',
    { whole: true },
  );
}

function lineOf(doc: Document, lines: LineCounter, path: readonly (string | number)[]): number {
  for (let length = path.length; length >= 0; length--) {
    const node = length === 0 ? doc.contents : doc.getIn(path.slice(0, length), true);
    if (isNode(node) && node.range) return lines.linePos(node.range[0]).line;
  }
  return 1;
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
