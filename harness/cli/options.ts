import { type Command, InvalidArgumentError, Option } from 'commander';
import { parseDuration, parsePercent, parseRate, UnitError } from '../core/units.ts';
import { BENCH_REPORTERS, FORMS, REPORTERS, type Reporter } from './reports.ts';

/** Options that several commands have, each in one place; and the parsers of their values. */

export const environmentOption = () =>
  new Option('--environment <name>', 'where the mesh runs').choices(['local', 'kind']).default('local');

export const reporterOption = () =>
  new Option('--reporter <list>', `any of ${REPORTERS.join(',')}`)
    .argParser((text) => parseReporters(text))
    .default([...REPORTERS], 'all');

/** Of benchmarks and the matrix of faults: they have no test cases, so no JUnit. */
export const benchReporterOption = () =>
  new Option('--reporter <list>', `any of ${BENCH_REPORTERS.join(',')}`)
    .argParser((text) => parseReporters(text, BENCH_REPORTERS))
    .default([...BENCH_REPORTERS], 'all');

/** Of records that are there already. */
export const formOption = () =>
  new Option('--reporter <list>', `any of ${FORMS.join(',')}`)
    .argParser((text) => parseReporters(text, FORMS))
    .default(['html'], 'html');

/** The cluster's, beside those that say which mesh is in it. */
export function clusterOptions(command: Command, { loadFrom = true } = {}): Command {
  command.option('--reuse', 'use the cluster that the last run with this option left, and leave it again');
  if (loadFrom) {
    command.addOption(
      new Option('--load-from <place>', 'k6 as a pod of the mesh, or on this machine')
        .choices(['mesh', 'host'])
        .default('mesh'),
    );
  }
  return command
    .option('--registry-mirror <host/path>', 'asked for images instead of their own registries')
    .option('--node-image <image>', 'image of the nodes (default: kind-config/versions.yaml)')
    .option('--base-image <image>', 'image under those that are built (default: kind-config/versions.yaml)');
}

export const meshOption = () =>
  new Option('--mesh <name>', 'the real Linkerd, or sidecars of our own')
    .choices(['linkerd', 'simulated'])
    .default('linkerd');

export function integer(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < min || value > max) {
      throw new InvalidArgumentError(`It must be a whole number from ${min} to ${max}.`);
    }
    return value;
  };
}

export function parseReporters(text: string, known: readonly Reporter[] = REPORTERS): Reporter[] {
  const names = text.split(',').map((name) => name.trim());
  const unknown = names.filter((name) => !(known as readonly string[]).includes(name));
  if (unknown.length > 0) {
    throw new InvalidArgumentError(`There is no reporter ${unknown.join(', ')}; there are ${known.join(', ')}.`);
  }
  return names as Reporter[];
}

export function collected(text: string, before: string[]): string[] {
  return [...before, text];
}

/** `10` or `10%`, as a ratio. */
export function percentage(text: string): number {
  const value = Number(text.replace(/%$/, ''));
  if (!/^\d+(?:\.\d+)?%?$/.test(text) || value > 10_000) {
    throw new InvalidArgumentError('It must be a percentage, e.g. 10%.');
  }
  return value / 100;
}

/** `20%` as a ratio from 0 to 1. */
export const ratio = unit(parsePercent);
/** `250ms` in milliseconds, above zero. */
export const duration = unit((text) => above(parseDuration(text)));
/** `200/s` in requests per second, above zero. */
export const rate = unit((text) => above(parseRate(text)));
/** `2s,5s` in milliseconds. */
export const durations = list(duration);
export const words = list((text) => text);

/** `25,50,100`. */
export function integers(min: number, max: number): (text: string) => number[] {
  return list(integer(min, max));
}

function list<T>(parse: (text: string) => T): (text: string) => T[] {
  return (text) => {
    const items = text.split(',').map((item) => item.trim());
    if (items.includes('')) throw new InvalidArgumentError('It must be a list with commas, without an empty place.');
    return [...new Set(items)].map(parse);
  };
}

function unit(parse: (text: string) => number): (text: string) => number {
  return (text) => {
    try {
      return parse(text);
    } catch (error) {
      if (error instanceof UnitError)
        throw new InvalidArgumentError(`${sentence(error.message)} ${sentence(error.hint)}`);
      throw error;
    }
  };
}

function above(value: number): number {
  if (value > 0) return value;
  throw new UnitError('it must be more than 0', '');
}

/** With a capital and a full stop; nothing stays nothing. */
function sentence(text: string): string {
  return text && `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}
