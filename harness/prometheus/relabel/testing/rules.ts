// biome-ignore-all lint/suspicious/noTemplateCurlyInString: `${1}` is what Prometheus expands.
import fc from 'fast-check';
import type { RelabelRule } from '../../../evidence/types.ts';
import type { Labels } from '../../client.ts';

/** A rule with the defaults of Prometheus. */
export function rule(change: Partial<RelabelRule>): RelabelRule {
  return {
    action: 'replace',
    sourceLabels: [],
    separator: ';',
    regex: '(.*)',
    modulus: 0,
    targetLabel: '',
    replacement: '$1',
    ...change,
  };
}

/** As prometheus.yml has it: what is default is left out, and must be, for some actions. */
export function ruleAsConfig({ sourceLabels, targetLabel, ...others }: RelabelRule): object {
  const plain = rule({});
  return {
    ...(sourceLabels.length > 0 && { source_labels: sourceLabels }),
    ...(targetLabel !== '' && { target_label: targetLabel }),
    ...Object.fromEntries(
      Object.entries(others).filter(([name, value]) => name === 'action' || value !== plain[name as keyof RelabelRule]),
    ),
  };
}

const NAMES = ['a', 'b', 'ab', 'job', 'instance', '__tmp_a', '__meta_x_a', '__meta_x_b_c', '__scheme__', '__address__'];
const VALUES = [
  'a',
  'b',
  'A',
  'ab',
  'aab',
  'x1',
  'a;b',
  'a\nb',
  'Straße',
  'é',
  'x:80',
  '10.1.2.3:4191',
  '$1',
  'a.b-c_d',
];
const REGEXES = [
  ...[
    '(.*)',
    '',
    '.+',
    'a',
    'a|ab',
    '(a|ab)(b?)',
    '(?i)a(b)?|x',
    '((?i)A)b',
    '(?i:a)b*',
    '[^;]+;(.+)',
    '(a+?)(a*)(.*)',
  ],
  ...[
    '(?P<n>[a-z]+)(?P<d>\\d*)',
    '(?U)(a+)(.*)',
    '(?U)(a+?)(.*)',
    'a(?-s).b',
    'a.b',
    '(?m)a$\\n^b',
    '(?m:^a$)(\\n)b',
    '\\Qa.b\\E.*',
  ],
  ...[
    '([^:]+)(?::\\d+)?',
    '.*:(\\d{2,4})',
    '[[:alpha:]]+',
    '[[:^alpha:]a]+',
    '[\\W\\d]+',
    '\\pL+',
    '\\p{Latin}+\\P{Greek}*',
    '[\\p{Lu}b]+',
  ],
  ...[
    '\\x61\\x{62}',
    '\\141',
    '(|a)+b?',
    '.*\\bb',
    '__meta_x_(.+)',
    '(__meta|a).*',
    '[a\\-.]+.*',
    '[]a]+',
    'a{,2}',
    'a{1,2}b?',
    '}|]|a',
  ],
  ...['(a)|(b)', '(?:(a)|b;?)(.*)', '^a$', '\\Aa\\z', '^(?:^a$)$', '(?i)STRASSE|straße', '\\$1', '(?s-i:a.b)'],
];
const TEMPLATES = [
  '$1',
  '${1}',
  '$0',
  '$1x',
  '${1}x',
  '$$1',
  '$',
  '${n}-${d}',
  '$2$1',
  '${nope}',
  'é$1',
  'x',
  '',
  '$01',
  '${',
  '${1',
  '$3',
];

const name = fc.constantFrom(...NAMES);
const sources = fc.array(name, { minLength: 0, maxLength: 3 });
const regex = fc.constantFrom(...REGEXES);
const of = (action: string, change: Record<string, fc.Arbitrary<unknown>>): fc.Arbitrary<RelabelRule> =>
  fc.record(change).map((fields) => rule({ action, ...(fields as Partial<RelabelRule>) }));

/** Any rule that Prometheus takes. */
export const anyRule: fc.Arbitrary<RelabelRule> = fc.oneof(
  of('replace', {
    sourceLabels: sources,
    separator: fc.constantFrom(';', '', '-', '\n'),
    regex,
    targetLabel: fc.oneof(name, fc.constantFrom('t_$1', '${1}', 't_${n}', 'x$2')),
    replacement: fc.constantFrom(...TEMPLATES),
  }),
  of('keep', { sourceLabels: sources, regex }),
  of('drop', { sourceLabels: sources, regex }),
  of('keepequal', { sourceLabels: sources, targetLabel: name }),
  of('dropequal', { sourceLabels: sources, targetLabel: name }),
  of('hashmod', { sourceLabels: sources, targetLabel: name, modulus: fc.integer({ min: 1, max: 1000 }) }),
  of('lowercase', { sourceLabels: sources, targetLabel: name }),
  of('uppercase', { sourceLabels: sources, targetLabel: name }),
  // A target of its own for each label: two labels for one have no order.
  of('labelmap', {
    regex: fc.constantFrom('__meta_x_(.+)', '(a)', '(?i)(A)b', '(.+)'),
    replacement: fc.constantFrom('m_$1', '__tmp_${1}_x'),
  }),
  of('labeldrop', { regex: fc.constantFrom('a', 'a|b', '__meta_x_.+', 'ab?', 'instance', '.*c') }),
  of('labelkeep', { regex: fc.constantFrom('__.+|a', '__.*__|job|a|b', '__.*', '.*') }),
);

export const anyLabels: fc.Arbitrary<Labels> = fc.dictionary(
  fc.constantFrom(...NAMES.filter((one) => one !== '__scheme__' && one !== '__address__')),
  fc.constantFrom(...VALUES),
);
