import type { ExpectedOutcome, Step } from './forty-expected.ts';
import { STEPS } from './forty-expected.ts';

export interface ExpectedPanel {
  /** Steps at which something comes of it; at all others it is the same, and not broken. */
  steps: Partial<Record<Step, ExpectedOutcome>>;
  notExercised: readonly Step[];
}

const now = (...outcomes: ExpectedOutcome['outcomes']): ExpectedOutcome => ({ outcomes, broken: false });
const broken = (...outcomes: ExpectedOutcome['outcomes']): ExpectedOutcome => ({ outcomes, broken: true });

const NEVER: ExpectedPanel = { steps: {}, notExercised: STEPS };

/**
 * What becomes of the panels of linkerd-dashboard.json under the scenario `surface`, from the facts about each release; those
 * that are not here stay the same at every step.
 */
export const PANELS: Readonly<Record<string, ExpectedPanel>> = {
  // `srv_port` goes with `srv_*` since 2.18; the panel has no aggregation to hide it.
  'Connections (A)': {
    steps: { '2.17 -> 2.18': now('different-labels'), '2.12 -> 2.20': now('different-labels') },
    notExercised: [],
  },
  // Inbound series lost `authority` in 2.18.
  'Authority (A)': {
    steps: { '2.17 -> 2.18': broken('now-empty'), '2.12 -> 2.20': broken('now-empty') },
    notExercised: ['2.18 -> 2.19', '2.19 -> 2.20', '2.20 -> edge-26.8.3'],
  },
  // The policy controller is scraped since 2.13; of 2.19 nothing of the control plane is.
  'Control plane (A)': {
    steps: {
      '2.12 -> 2.14': now('different-labels'),
      '2.18 -> 2.19': broken('now-empty'),
      '2.19 -> 2.20': now('newly-non-empty'),
      '2.12 -> 2.20': now('different-labels'),
    },
    notExercised: [],
  },
  // The same, of few events.
  'Control plane (B)': {
    steps: {
      '2.12 -> 2.14': now('same-within-noise', 'different-labels'),
      '2.18 -> 2.19': broken('now-empty'),
      '2.19 -> 2.20': now('newly-non-empty', 'same-within-noise'),
      '2.12 -> 2.20': now('same-within-noise', 'different-labels'),
    },
    notExercised: [],
  },
  // Nobody ends a connection with an error, has another cluster, or a ServiceProfile for what is called by mutual TLS.
  'Connections (B)': NEVER,
  'Other cluster (A)': NEVER,
  'Route (B)': NEVER,
  // Removed before 2.12.
  'Connection durations (A)': NEVER,
};

/** How many connections happen to be open at a moment: of one run a side their number says nothing. */
export const BY_CHANCE = 'Connections (A)';
