import { describe, expect, it } from 'vitest';
import { cgroupUsage, parseCgroups } from './cgroups.ts';

const ID = '9e0b159b511fc6d82379109c41edd18edec63e6aac404064622538970fb0cb54';
const OTHER = ID.replaceAll('9', 'a');
const V2 = '/sys/fs/cgroup/kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-pod1d645472.slice';
const V1 = (controller: string) => `/sys/fs/cgroup/${controller}/kubelet/kubepods/burstable/pod1d645472`;

describe('parseCgroups', () => {
  it('reads those of v2, between two stamps', () => {
    const text = `1795430659380
${V2}/cpu.stat:usage_usec 99000000
${V2}/memory.current:99000000
${V2}/memory.stat:inactive_file 0
${V2}/cri-containerd-${ID}.scope/cpu.stat:usage_usec 563409
${V2}/cri-containerd-${ID}.scope/memory.current:32481280
${V2}/cri-containerd-${ID}.scope/memory.stat:inactive_file 4096
1795430659400
`;
    const usage = { atMs: 1795430659390, cpuSeconds: 0.563409, residentBytes: 32477184 };
    expect([...parseCgroups(text)]).toEqual([[ID, usage]]);
  });

  it('reads those of v1: what is inactive of children counts', () => {
    const text = `1000
${V1('cpuacct')}/cpuacct.usage:99
${V1('cpuacct')}/${ID}/cpuacct.usage:2500000000
${V1('memory')}/${ID}/memory.usage_in_bytes:8192
${V1('memory')}/${ID}/memory.stat:inactive_file 0
${V1('memory')}/${ID}/memory.stat:total_inactive_file 4096
1002
`;
    expect([...parseCgroups(text)]).toEqual([[ID, { atMs: 1001, cpuSeconds: 2.5, residentBytes: 4096 }]]);
  });

  it('leaves out a container that went while it was looked at', () => {
    const text = `1000
${V2}/cri-containerd-${OTHER}.scope/cpu.stat:usage_usec 1
${V2}/cri-containerd-${ID}.scope/cpu.stat:usage_usec 1
${V2}/cri-containerd-${ID}.scope/memory.current:1
${V2}/cri-containerd-${ID}.scope/memory.stat:inactive_file 2
1000
`;
    expect([...parseCgroups(text)]).toEqual([[ID, { atMs: 1000, cpuSeconds: 1e-6, residentBytes: 0 }]]);
  });
});

describe('cgroupUsage', () => {
  it('asks the node, once', async () => {
    const asked: string[] = [];
    const exec = async (node: string, [shell]: string[]) => `${asked.push(`${node} ${shell}`)}\n1`;
    expect([...(await cgroupUsage({ exec }, 'kind-worker'))]).toEqual([]);
    expect(asked).toEqual(['kind-worker sh']);
  });
});
