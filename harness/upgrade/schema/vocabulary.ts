/** Which labels' values belong to a version, and which to a mesh, its traffic or a moment. */

/** Values are names of objects, addresses, texts of a build: of this mesh or this pod. */
const OPEN = new Set([
  'addr',
  'authority',
  'client_id',
  'concrete',
  'date',
  'dst',
  'git_sha',
  'hostname',
  'instance',
  'logical',
  'profile',
  'server_id',
  'sni',
  'target_addr',
  'target_ip',
  'target_name',
  'target_port',
  'tls_fips',
  'tls_key_provider',
  'tls_kx_groups',
  'tls_rand',
  'tls_suites',
  'vendor',
  'version',
]);
const OPEN_ENDING = /_(?:name|namespace|port|section_name|group)$/;
/** `dst_*` are labels of pods, `rt_*` those of a profile's route. */
const OPEN_BEGINNING = /^(?:dst|rt)_/;

/** A version has all of these at once, whatever the traffic is. */
const FIXED = new Set([
  'authz_kind',
  'backend_kind',
  'client',
  'direction',
  'parent_kind',
  'peer',
  'ratelimit_kind',
  'ratelimit_scope',
  'record_type',
  'route_kind',
  'srv_kind',
  'zone_locality',
]);

/** Values that look like this are of a mesh, should nobody know their label. */
const OF_A_MESH = /\d{3}|\d+\.\d+|[0-9a-f]{8}|\.(?:svc|local)\b|^\//;
const MANY = 16;

export type LabelClass =
  /** Not compared but for whether it is empty. */
  | 'open'
  /** Compared value by value. */
  | 'fixed'
  /** What happens to be seen of it depends on the traffic: statuses, errors. */
  | 'traffic';

/**
 * @param values all that are known of it
 * @param names of this mesh's own objects
 */
export function classOf(
  label: string,
  values: Iterable<string> = [],
  names: ReadonlySet<string> = new Set(),
): LabelClass {
  if (label === 'dst_zone_locality') return 'traffic';
  if (FIXED.has(label)) return 'fixed';
  if (OPEN.has(label) || OPEN_ENDING.test(label) || OPEN_BEGINNING.test(label)) return 'open';
  if (STATUS.test(label)) return 'traffic';
  const all = [...values];
  if (all.length > MANY || all.some((value) => names.has(value) || OF_A_MESH.test(value))) return 'open';
  return 'traffic';
}

const STATUS = /status|^err(?:or|no)$|^classification$/;

/** Families that have series only where something ended, went wrong or was turned away: that one world has none means little. */
const OCCASIONAL =
  /_errors_total$|^tcp_close_total$|_deny_total$|_terminate_total$|_not_found_total$|_ratelimit_total$|_route_retry_|^route_retryable/;

export const isOccasional = (family: string) => OCCASIONAL.test(family);
