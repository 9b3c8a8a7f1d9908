/** What becomes of the first packet of a connection to a pod's admin port. */
export type PacketFate = 'drop' | 'refuse';

const FATES: Record<PacketFate, string[]> = {
  drop: ['-j', 'DROP'],
  // As where nobody listens.
  refuse: ['-j', 'REJECT', '--reject-with', 'tcp-reset'],
};

/**
 * Arguments of iptables, in a pod's own network: connections to a port meet their fate, unless they come from the pod itself or
 * from its node, whose kubelet would else find the proxy ill and kill it.
 * @param node the address by which the node reaches the pod: the pod's gateway
 */
export function packetRule(
  change: 'insert' | 'delete',
  to: { port: number; fate: PacketFate; node: string },
): string[] {
  const place = change === 'insert' ? ['-I', 'INPUT', '1'] : ['-D', 'INPUT'];
  const match = ['-p', 'tcp', '--dport', String(to.port), '!', '-i', 'lo', '!', '-s', to.node];
  return ['-w', '10', ...place, ...match, ...FATES[to.fate]];
}
