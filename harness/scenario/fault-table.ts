import type { z } from 'zod';
import { FAULT_KINDS } from './fault-kinds.ts';
import { faultEntry } from './schema/faults.ts';

/** One line for each type of fault, as docs/scenarios.md has them. */
export function faultTable(): string {
  const rows = faultEntry.options.map((option) => {
    const { type, at: _at, for: _for, service: _service, replica: _replica, ...params } = option.shape;
    const [name] = [...type.values];
    const beside = Object.entries(params).map(([param, schema]) => {
      const isOptional = (schema as z.ZodType).safeParse(undefined).success;
      return `\`${param}\`${isOptional ? '?' : ''}`;
    });
    return `| \`${name}\` | ${concerns(FAULT_KINDS[name!])} | ${beside.join(' ')} | ${option.description} |`;
  });
  return ['| type | of | beside it | what is done |', '|---|---|---|---|', ...rows].join('\n');
}

function concerns({ concerns, at }: (typeof FAULT_KINDS)[keyof typeof FAULT_KINDS]): string {
  const of = concerns === 'none' ? '' : concerns;
  return [of, { never: 'no `at`', optional: '', once: '`at`, no `for`' }[at]].filter(Boolean).join('; ');
}
