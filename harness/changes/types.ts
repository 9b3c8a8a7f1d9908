/** What is known to have changed in what Linkerd's proxies, its charts and Prometheus say, by version (facts, section 9). Data only. */
export interface KnownChange {
  /** Kebab-case, unique. */
  id: string;
  /** Whose versions `since` counts: the proxy's (`2.277.0`), Linkerd's release for charts (`2.19`), Prometheus' (`3.0.0`). */
  of: 'proxy' | 'chart' | 'prometheus';
  /** The first version that is so, without `v`. */
  since: string;
  /** The first stable release of Linkerd with it, for people: `2.18`; empty for Prometheus. */
  linkerd: string;
  /** The last but one state: the first version that is not so any more (a bug that was mended); absent: it stayed. */
  until?: string;
  /** Of `until` what `linkerd` is of `since`. */
  untilLinkerd?: string;
  /** The first edge releases of Linkerd that are so, and are not so any more: `edge-25.6.3`. Charts have them. */
  edge?: string;
  untilEdge?: string;
  subject: ChangeSubject;
  /** One sentence that names what changed, for people: `inbound series have no label authority any more`. */
  text: string;
  /** What to do instead, for people; empty when nothing needs to be done. */
  instead: string;
  /** How expressions are rewritten, when it is a matter of names; absent: it is not. */
  rewrite?: Rewrite;
}

export type ChangeSubject =
  | { kind: 'family'; change: 'added' | 'removed' | 'renamed'; family: RegExp; to?: string }
  | { kind: 'label'; change: 'added' | 'removed'; family: RegExp; label: string; direction?: 'inbound' | 'outbound' }
  | {
      kind: 'label-value';
      change: 'added' | 'removed' | 'renamed';
      family: RegExp;
      label: string;
      value: string;
      to?: string;
    }
  /** Every value of the label is empty now, or is not any more. */
  | { kind: 'label-values'; change: 'emptied' | 'filled'; family: RegExp; label: string }
  | { kind: 'help'; family: RegExp }
  /** `labels`: those that it is about, so that they come or go is no change of its own. */
  | { kind: 'meaning'; family: RegExp; labels?: readonly string[] }
  | { kind: 'page' }
  /** `about`: what of them is otherwise. */
  | {
      kind: 'targets';
      job: string;
      /** Jobs that the same happens to. */
      also?: readonly string[];
      about: 'job-name' | 'rules' | 'lost' | 'gained' | 'port-names' | 'native';
      to?: string;
    }
  /** Something that can be set: nothing is seen of it until it is. */
  | { kind: 'setting'; name: string }
  /** A function, operator or rule of PromQL. */
  | { kind: 'promql' };

export type Rewrite =
  /** `having`: of the new family those series that the old one had. */
  | { kind: 'rename-family'; from: string; to: string; having?: Readonly<Record<string, string>> }
  | { kind: 'rename-label-value'; label: string; from: string; to: string }
  /** Integer `le` as a float, or back. */
  | { kind: 'le-float' }
  | { kind: 'rename-function'; from: string; to: string };
