import { type AppliedChange, changeText } from '../../changes/index.ts';
import type { SchemaDifference, UpgradeReason } from '../../result/upgrade/types.ts';
import type { MeshSchema } from '../types.ts';

/** What is worth knowing of a step before it is made, whether or not a query of the user's shows it. */
export interface Step {
  changes: readonly AppliedChange[];
  schema: SchemaDifference;
  /** What the worlds of the roll-out exposed, versions mixed. */
  during: readonly MeshSchema[];
}

/** The few changes that have cost others their alerts: each in one sentence that names the version, with what to do. They only warn. */
export function notableReasons(step: Step): UpgradeReason[] {
  return [duplicates, certificates, nativeSidecars, prometheus3].flatMap((look) => look(step) ?? []);
}

const warning = (about: UpgradeReason['about'], text: string, remedy: string): UpgradeReason => ({
  weight: 'warns',
  about,
  text,
  remedy,
});

const forward = ({ changes }: Step, id: string) =>
  changes.find(({ change, reversed }) => change.id === id && !reversed);

/** In the mixed phase the same series stands on a page twice. */
function duplicates(step: Step): UpgradeReason | null {
  const known = forward(step, 'duplicate-series');
  const families = new Set(step.during.flatMap(({ page }) => (page.duplicates ?? '').split(', ')).filter(Boolean));
  const names = [...families].sort();
  if (names.length === 0)
    return known ? warning('schema', `while versions are mixed, ${changeText(known)}`, known.change.instead) : null;
  const seen = `during the roll-out, proxies had the same series twice on a page (${names.join(', ')})`;
  return warning('schema', known ? `${seen}: ${changeText(known)}` : seen, known?.change.instead ?? '');
}

/** The old names are silent, not alarming. */
function certificates(step: Step): UpgradeReason | null {
  const known = step.changes.filter(({ change: { id } }) => id.startsWith('identity-cert-') && id.endsWith('-renamed'));
  const [first] = known;
  if (!first) return null;
  const names = known.flatMap(({ change: { rewrite }, reversed }) =>
    rewrite?.kind === 'rename-family' ? [reversed ? rewrite.to : rewrite.from] : [],
  );
  const text = `an alert on ${names.join(', ')} does not fire after this, it is silent: ${changeText(known.at(-1)!)}`;
  return warning('schema', text, 'ask for both names joined by `or` until all proxies are upgraded');
}

function nativeSidecars(step: Step): UpgradeReason | null {
  const known = forward(step, 'native-sidecar');
  return known ? warning('targets', changeText(known), known.change.instead) : null;
}

function prometheus3(step: Step): UpgradeReason | null {
  const known = step.changes.filter(({ change: { of, subject } }) => of === 'prometheus' && subject.kind === 'promql');
  const [first] = known;
  if (!first) return null;
  const instead = known.map(({ change }) => change.instead).filter(Boolean);
  return warning('query', known.map(changeText).join('; '), first.reversed ? '' : instead.join('; '));
}
