import { stripVTControlCharacters } from 'node:util';
import type { VerdictValue } from '../result/types.ts';

/** JUnit XML of any suites. A fail is a `failure`; inconclusive is an `error`, never a skip, since CI servers take a skip for a success. */
export function junitXml(
  name: string,
  suites: readonly Suite[],
  run: { durationMs: number; startedAt: string },
): string {
  const total = (of: (suite: Suite) => number) => suites.reduce((sum, suite) => sum + of(suite), 0);
  const attributes = attrs({
    name,
    tests: total((s) => s.cases.length),
    failures: total(failures),
    errors: total(errors),
    time: seconds(run.durationMs),
    timestamp: run.startedAt,
  });
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites${attributes}>`,
    ...suites.map(suiteXml),
    '</testsuites>',
    '',
  ].join('\n');
}

/** A suite of JUnit XML. */
export interface Suite {
  name: string;
  file: string;
  time: string;
  timestamp: string;
  properties: Record<string, string>;
  cases: Case[];
  /** Text that belongs to no case. */
  output: string[];
}

export interface Case {
  name: string;
  verdict: VerdictValue;
  type: string;
  message: string;
  details: string[];
  time?: string;
}

const failures = (suite: Suite) => suite.cases.filter((c) => c.verdict === 'fail').length;
const errors = (suite: Suite) => suite.cases.filter((c) => c.verdict === 'inconclusive').length;

function suiteXml(suite: Suite): string {
  const { name, file, time, timestamp, cases } = suite;
  const counts = { tests: cases.length, failures: failures(suite), errors: errors(suite), skipped: 0 };
  const lines = [`  <testsuite${attrs({ name, ...counts, time, timestamp, file })}>`];
  const properties = Object.entries(suite.properties);
  if (properties.length > 0) {
    const items = properties.map(([key, value]) => `      <property${attrs({ name: key, value })}/>`);
    lines.push('    <properties>', ...items, '    </properties>');
  }
  lines.push(...cases.map((c) => caseXml(c, name)));
  if (suite.output.length > 0) lines.push(`    <system-out>${xmlText(suite.output.join('\n'))}</system-out>`);
  return [...lines, '  </testsuite>'].join('\n');
}

function caseXml({ name, verdict, type, message, details, time }: Case, classname: string): string {
  const open = `    <testcase${attrs({ name, classname, ...(time === undefined ? {} : { time }) })}`;
  if (verdict === 'pass') return `${open}/>`;
  const tag = verdict === 'fail' ? 'failure' : 'error';
  const body = xmlText([message, ...details].join('\n'));
  return [`${open}>`, `      <${tag}${attrs({ type, message })}>${body}</${tag}>`, '    </testcase>'].join('\n');
}

/** As JUnit writes times. */
export function seconds(ms: number): string {
  return Number.isFinite(ms) ? (ms / 1000).toFixed(3) : '0.000';
}

function attrs(values: Record<string, string | number>): string {
  return Object.entries(values)
    .map(([name, value]) => ` ${name}="${xmlAttribute(String(value))}"`)
    .join('');
}

/** Characters that XML 1.0 does not allow, not even as a reference. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is removed
const NOT_XML = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\ufffe\uffff]/g;

function xmlText(text: string): string {
  return stripVTControlCharacters(text)
    .toWellFormed()
    .replace(NOT_XML, '')
    .replace(/\r\n?/g, '\n')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;');
}

function xmlAttribute(text: string): string {
  return xmlText(text)
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&apos;')
    .replaceAll('\n', '&#10;')
    .replaceAll('\t', '&#9;');
}
