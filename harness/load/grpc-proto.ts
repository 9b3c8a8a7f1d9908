/** The field of every message that takes the padding: of the .proto that ships its own, of others one that nobody has. */
const PADDING_FIELD = { shipped: 1, other: 2 ** 29 - 1 };
const SHIPPED_PACKAGE = 'meshproof.v1';

/**
 * .proto files for a client of these methods, one a package: k6 does not need to know a message to fill it with bytes, nor do
 * the services that read it.
 * @param paths `/package.Service/Method`
 */
export function protosOf(paths: Iterable<string>): { name: string; text: string }[] {
  const packages = new Map<string, Map<string, Set<string>>>();
  for (const path of paths) {
    const [, full = '', method = ''] = path.split('/');
    const dot = full.lastIndexOf('.');
    const pkg = dot < 0 ? '' : full.slice(0, dot);
    const services = packages.get(pkg) ?? new Map<string, Set<string>>();
    const service = full.slice(dot + 1);
    services.set(service, (services.get(service) ?? new Set()).add(method));
    packages.set(pkg, services);
  }
  return [...packages].map(([pkg, services], i) => ({ name: `k6-${i}.proto`, text: render(pkg, services) }));
}

function render(pkg: string, services: Map<string, Set<string>>): string {
  const message = 'MeshproofMessage';
  const lines = ['syntax = "proto3";'];
  if (pkg !== '') lines.push(`package ${pkg};`);
  for (const [service, methods] of services) {
    const rpcs = [...methods].map((method) => `  rpc ${method}(${message}) returns (${message});`);
    lines.push(`service ${service} {`, ...rpcs, '}');
  }
  const field = pkg === SHIPPED_PACKAGE ? PADDING_FIELD.shipped : PADDING_FIELD.other;
  lines.push(`message ${message} { bytes padding = ${field}; }`);
  return `${lines.join('\n')}\n`;
}
