import type { Rule } from '../../types.ts';
import { trustAnchorsDiffer } from './anchors.ts';
import { certificateExpired, certificateNotRenewed } from './certificates.ts';
import { detectionTimedOut } from './detection.ts';
import { idleSeriesEvicted } from './eviction.ts';
import { portOpaque } from './opaque.ts';
import { readings } from './readings/index.ts';
import { proxyRestarted } from './restart.ts';
import { podShorterThanAScrape } from './short-lived.ts';
import { inboundPortSkipped, outboundPortSkipped } from './skipped-ports.ts';
import { clientNotMeshed } from './unmeshed-client.ts';

/** What proxies do not see, or forget; and what people take for something else. */
export const PROXY_RULES: readonly Rule[] = [
  inboundPortSkipped,
  outboundPortSkipped,
  portOpaque,
  detectionTimedOut,
  clientNotMeshed,
  idleSeriesEvicted,
  proxyRestarted,
  podShorterThanAScrape,
  certificateExpired,
  certificateNotRenewed,
  trustAnchorsDiffer,
  readings,
];
