import type { DiagnosedCase } from './diagnosis.ts';

export const CASE_API_VERSION = 'meshproof/v1';

/** JSON has no NaN and no infinities; samples do. Objects of this form stand for them. */
const NUMBER = '$number';

export function encodeCase(diagnosed: DiagnosedCase): string {
  const file = { apiVersion: CASE_API_VERSION, kind: 'Evidence', ...diagnosed };
  return JSON.stringify(file, (_key, value: unknown) =>
    typeof value === 'number' && !Number.isFinite(value) ? { [NUMBER]: String(value) } : value,
  );
}

/** @throws SyntaxError when it is no such text */
export function decodeCase(text: string): DiagnosedCase {
  const { apiVersion, kind, ...diagnosed } = JSON.parse(text, (_key, value: unknown) => {
    const isNumber = typeof value === 'object' && value !== null && NUMBER in value;
    return isNumber ? Number(value[NUMBER]) : value;
  }) as DiagnosedCase & { apiVersion?: string; kind?: string };
  if (apiVersion !== CASE_API_VERSION || kind !== 'Evidence') {
    throw new SyntaxError(`this is no evidence of ${CASE_API_VERSION}, but ${apiVersion ?? '?'} ${kind ?? '?'}`);
  }
  return diagnosed;
}
