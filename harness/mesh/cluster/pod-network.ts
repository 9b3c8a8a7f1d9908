import { readFileSync } from 'node:fs';

/** Bytes of the pod's network, all interfaces, the app's included (facts 1.11); empty where the system does not tell. */
export function podNetwork(): { networkReceiveBytes?: number; networkTransmitBytes?: number } {
  try {
    return parseNetDev(readFileSync('/proc/self/net/dev', 'utf8'));
  } catch {
    return {};
  }
}

/** `/proc/net/dev`: two lines of headings, then one an interface; bytes are the 1st column received and the 1st sent. */
export function parseNetDev(text: string): { networkReceiveBytes: number; networkTransmitBytes: number } {
  let networkReceiveBytes = 0;
  let networkTransmitBytes = 0;
  for (const line of text.split('\n').slice(2)) {
    const columns = line
      .slice(line.indexOf(':') + 1)
      .trim()
      .split(/\s+/);
    if (columns.length < 9) continue;
    networkReceiveBytes += Number(columns[0]);
    networkTransmitBytes += Number(columns[8]);
  }
  return { networkReceiveBytes, networkTransmitBytes };
}
