import type { Scope } from './apiKey.ts'
import type { Role } from './user.ts'

/** `any`: every facility; `own`: the caller's own; `self`: only what belongs to the person asking. */
export type Reach = 'any' | 'own' | 'self'

type Grant = Partial<Record<Role, Reach>> & { key?: Scope }

const everyone = { super_admin: 'self', facility_admin: 'self', user: 'self' } as const
const readers = { super_admin: 'any', facility_admin: 'own', user: 'own' } as const
const admins = { super_admin: 'any', facility_admin: 'own' } as const

/** Who may do what. A role that is not named may not; an API key acts within its own facility. */
export const access = {
  'session:own': everyone,
  'facility:create': { super_admin: 'any' },
  'facility:read': readers,
  'facility:change': admins,
  'facility:deactivate': { super_admin: 'any' },
  'user:create': admins,
  'user:list': admins,
  'user:read': { ...admins, user: 'self' },
  'user:change': admins,
  'user:deactivate': admins,
  'user:reset-password': admins,
  'user:end-sessions': admins,
  'user:erase': admins,
  'api-key:create': admins,
  'api-key:read': admins,
  'api-key:change': admins,
  'api-key:revoke': admins,
  'device:create': admins,
  'device:read': readers,
  'device:change': admins,
  'device:heartbeat': { key: 'heartbeat' },
  'firmware:create': admins,
  'firmware:read': readers,
  'firmware:change': admins,
  'firmware:publish': admins,
  'firmware:activate': admins,
  'firmware:withdraw': admins,
  'firmware-key:read': admins,
  'firmware-key:change': admins,
  'rollout:read': readers,
  'rollout:steer': admins,
  'firmware:check': { key: 'firmware' },
  'firmware:fetch': { key: 'firmware' },
  'firmware:report': { key: 'firmware' },
  'upload:create': { ...admins, key: 'upload' },
  'upload:read': readers,
  'upload:change': admins,
  'upload:delete': admins,
  'transcode-job:read': readers,
  'transcode-job:steer': admins,
  'inference-job:create': admins,
  'inference-job:read': readers,
  'inference-job:steer': admins,
  'gpu-server:read': { super_admin: 'any' },
  'gpu-server:change': { super_admin: 'any' },
  'tag:read': readers,
  'tag:change': admins,
  'stats:read': readers,
  'live:read': readers,
  'setting:read': admins,
  'setting:change': admins,
  'system-setting:read': { super_admin: 'any' },
  'system-setting:change': { super_admin: 'any' },
  'audit:read': admins,
  'event:read': { super_admin: 'any' },
  'projection:read': { super_admin: 'any' },
  'projection:steer': { super_admin: 'any' },
} satisfies Record<string, Grant>

export type Permission = keyof typeof access

/** How far the permission reaches for this caller; undefined: not at all. */
export function reachOf(
  permission: Permission,
  caller: { role: Role } | { scopes: readonly Scope[] },
): Reach | undefined {
  const grant: Grant = access[permission]
  if ('role' in caller) return grant[caller.role]
  return grant.key && caller.scopes.includes(grant.key) ? 'own' : undefined
}
