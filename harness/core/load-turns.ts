/**
 * What the load generator calls the addresses of an authority where no proxy takes its connections and it spreads its requests
 * itself, one after the other: the authority for the first, `2.<authority>` and so on for further ones.
 */
export function turnName(authority: string, index: number): string {
  return index === 0 ? authority : `${index + 1}.${authority}`;
}

/** Which of these names the hosts have: the authority alone where there is one address. */
export function turnsOf(authority: string, hosts: Readonly<Record<string, string>>): string[] {
  const names = [authority];
  while (turnName(authority, names.length) in hosts) names.push(turnName(authority, names.length));
  return names;
}
