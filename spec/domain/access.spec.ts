import { expect } from 'chai'
import { access, type Permission, type Reach, reachOf } from '../../domain/access.ts'
import type { Scope } from '../../domain/apiKey.ts'
import type { Role } from '../../domain/user.ts'

const roles: Role[] = ['super_admin', 'facility_admin', 'user']
const scopes: Scope[] = ['upload', 'firmware', 'heartbeat']
const permissions = Object.keys(access) as Permission[]
const ofDevices: Permission[] = ['device:heartbeat', 'firmware:check', 'firmware:fetch', 'firmware:report']

// How far each role reaches, and the one scope of a key that will do. `-`: not at all.
const table = `
                       super_admin  facility_admin  user  key
  session:own          self         self            self  -
  facility:create      any          -               -     -
  facility:read        any          own             own   -
  facility:change      any          own             -     -
  facility:deactivate  any          -               -     -
  user:create          any          own             -     -
  user:list            any          own             -     -
  user:read            any          own             self  -
  user:change          any          own             -     -
  user:deactivate      any          own             -     -
  user:reset-password  any          own             -     -
  user:end-sessions    any          own             -     -
  user:erase           any          own             -     -
  api-key:create       any          own             -     -
  api-key:read         any          own             -     -
  api-key:change       any          own             -     -
  api-key:revoke       any          own             -     -
  device:create        any          own             -     -
  device:read          any          own             own   -
  device:change        any          own             -     -
  device:heartbeat     -            -               -     heartbeat
  firmware:create      any          own             -     -
  firmware:read        any          own             own   -
  firmware:change      any          own             -     -
  firmware:publish     any          own             -     -
  firmware:activate    any          own             -     -
  firmware:withdraw    any          own             -     -
  firmware-key:read    any          own             -     -
  firmware-key:change  any          own             -     -
  rollout:read         any          own             own   -
  rollout:steer        any          own             -     -
  firmware:check       -            -               -     firmware
  firmware:fetch       -            -               -     firmware
  firmware:report      -            -               -     firmware
  upload:create        any          own             -     upload
  upload:read          any          own             own   -
  upload:change        any          own             -     -
  upload:delete        any          own             -     -
  transcode-job:read   any          own             own   -
  transcode-job:steer  any          own             -     -
  inference-job:create any          own             -     -
  inference-job:read   any          own             own   -
  inference-job:steer  any          own             -     -
  gpu-server:read      any          -               -     -
  gpu-server:change    any          -               -     -
  tag:read             any          own             own   -
  tag:change           any          own             -     -
  stats:read           any          own             own   -
  live:read            any          own             own   -
  setting:read         any          own             -     -
  setting:change       any          own             -     -
  system-setting:read  any          -               -     -
  system-setting:change any         -               -     -
  audit:read           any          own             -     -
  event:read           any          -               -     -
  projection:read      any          -               -     -
  projection:steer     any          -               -     -
`
const [, ...lines] = table
  .trim()
  .split('\n')
  .map((line) => line.trim().split(/\s+/))
const reach = (word: string | undefined) => (word === '-' ? undefined : (word as Reach))

describe('access', () => {
  it('is granted by this table and nothing else', () =>
    expect(permissions).to.have.members(lines.map(([permission]) => permission)))

  for (const [name, ...row] of lines) {
    const permission = name as Permission
    it(`to ${permission} reaches as far as the table says`, () => {
      roles.forEach((role, i) => expect(reachOf(permission, { role }), role).to.equal(reach(row[i])))
      const needed = row[3]
      for (const scope of scopes)
        expect(reachOf(permission, { scopes: [scope] }), scope).to.equal(scope === needed ? 'own' : undefined)
      expect(reachOf(permission, { scopes }), 'all scopes').to.equal(needed === '-' ? undefined : 'own')
      expect(reachOf(permission, { scopes: [] }), 'no scope').to.equal(undefined)
    })
  }

  it('lets a user only read, within their own facility', () => {
    const allowed = permissions.filter((permission) => reachOf(permission, { role: 'user' }))
    expect(allowed.filter((permission) => permission !== 'session:own')).to.satisfy((read: string[]) =>
      read.every((permission) => permission.endsWith(':read')),
    )
    for (const permission of allowed) expect(reachOf(permission, { role: 'user' })).not.to.equal('any')
  })

  it('keeps a facility_admin within their own facility', () => {
    for (const permission of permissions) expect(reachOf(permission, { role: 'facility_admin' })).not.to.equal('any')
  })

  it('gives a super_admin everything but to speak as a device, and nobody’s session but their own', () => {
    for (const permission of permissions.filter((permission) => !ofDevices.includes(permission)))
      expect(reachOf(permission, { role: 'super_admin' }), permission).to.equal(
        permission === 'session:own' ? 'self' : 'any',
      )
  })

  it('never lets a key read, or reach beyond its facility', () => {
    for (const permission of permissions) {
      const granted = reachOf(permission, { scopes })
      expect(granted, permission).to.be.oneOf([undefined, 'own'])
      if (permission.endsWith(':read')) expect(granted, permission).to.equal(undefined)
    }
  })
})
