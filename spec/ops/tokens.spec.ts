import { expect } from 'chai'
import jwt from 'jsonwebtoken'
import { algorithms, audience, createTokens, type Tokens, type TokenSecrets } from '../../ops/platform/tokens.ts'

const secrets = { JWT_SECRET: 'access-secret-1', JWT_REFRESH_SECRET: 'refresh-secret-1' }
const ttl = { accessSecs: 900, refreshSecs: 604_800 }
const sub = '0b1c2d3e-0000-4000-8000-000000000001'
const sid = '0b1c2d3e-0000-4000-8000-000000000002'
const jti = '0b1c2d3e-0000-4000-8000-000000000003'
const facility_id = '0b1c2d3e-0000-4000-8000-000000000004'
const claims = { sub, sid, role: 'facility_admin', facility_id, user_revision: 7 } as const

/** As the door does it, through passport. */
function readAccess(tokens: Tokens, token: string) {
  const secret = tokens.accessSecretOf(token)
  if (secret === undefined) return undefined
  try {
    return tokens.readAccess(jwt.verify(token, secret, { algorithms, audience }))
  } catch {
    return undefined
  }
}

const partsOf = (token: string) => token.split('.') as [header: string, payload: string, signature: string]
const decoded = (part: string) => JSON.parse(Buffer.from(part, 'base64url').toString()) as Record<string, unknown>
const encoded = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')

describe('tokens', () => {
  const tokens = createTokens(secrets, ttl)
  const access = () => tokens.access(claims)
  const refresh = () => tokens.refresh({ sub, sid, jti })

  it('say who somebody is, in which session and since which revision', () => {
    const { exp, ...rest } = readAccess(tokens, access())!
    expect(rest).to.deep.equal({ typ: 'access', ...claims })
    expect(exp - Date.now() / 1000).to.be.within(895, 900)
  })
  it('of a super_admin name no facility', () => {
    const token = tokens.access({ sub, sid, role: 'super_admin', user_revision: 0 })
    expect(readAccess(tokens, token)).to.include({ role: 'super_admin' }).and.not.have.property('facility_id')
  })
  it('to refresh with say which one of its session it is', () => {
    expect(tokens.readRefresh(refresh())).to.deep.equal({ typ: 'refresh', sub, sid, jti })
    const { exp, iat } = decoded(partsOf(refresh())[1])
    expect(Number(exp) - Number(iat)).to.equal(604_800)
  })
  it('tell no secret', () => {
    for (const token of [access(), refresh()])
      expect(
        partsOf(token)
          .slice(0, 2)
          .map(decoded)
          .map((part) => JSON.stringify(part))
          .join(),
      ).not.to.match(/secret/)
  })

  describe('of one kind are never taken for the other', () => {
    it('by their secrets', () => {
      expect(tokens.accessSecretOf(refresh())).to.equal(undefined)
      expect(tokens.readRefresh(access())).to.equal(undefined)
    })
    it('by what they say, even under one and the same secret', () => {
      const same = createTokens({ JWT_SECRET: 'one', JWT_REFRESH_SECRET: 'one' }, ttl)
      expect(readAccess(same, same.access(claims))).to.include({ typ: 'access' })
      expect(readAccess(same, same.refresh({ sub, sid, jti }))).to.equal(undefined)
      expect(same.readRefresh(same.access(claims))).to.equal(undefined)
      const both = { ...claims, jti, exp: 2_000_000_000 }
      const keyid = decoded(partsOf(same.refresh({ sub, sid, jti }))[0])['kid'] as string
      const sign = (typ: string) => jwt.sign({ ...both, typ }, 'one', { algorithm: 'HS256', keyid, audience })
      expect(same.readAccess({ ...both, typ: 'access' })).to.include({ sub })
      expect(same.readAccess({ ...both, typ: 'refresh' })).to.equal(undefined)
      expect(same.readRefresh(sign('refresh'))).to.include({ jti })
      expect(same.readRefresh(sign('access'))).to.equal(undefined)
    })
  })

  describe('while one secret replaces another', () => {
    const next: TokenSecrets = {
      JWT_SECRET: 'access-secret-2',
      JWT_SECRET_PREVIOUS: secrets.JWT_SECRET,
      JWT_REFRESH_SECRET: 'refresh-secret-2',
      JWT_REFRESH_SECRET_PREVIOUS: secrets.JWT_REFRESH_SECRET,
    }
    const rotated = createTokens(next, ttl)

    it('are good under either', () => {
      expect(readAccess(rotated, access())).to.include({ sub })
      expect(rotated.readRefresh(refresh())).to.include({ jti })
      expect(readAccess(rotated, rotated.access(claims))).to.include({ sub })
      expect(rotated.readRefresh(rotated.refresh({ sub, sid, jti }))).to.include({ jti })
    })
    it('are made under the new one', () => {
      expect(readAccess(tokens, rotated.access(claims))).to.equal(undefined)
      expect(tokens.readRefresh(rotated.refresh({ sub, sid, jti }))).to.equal(undefined)
    })
    it('are no longer good under the old one afterwards', () => {
      const after = createTokens({ JWT_SECRET: 'access-secret-2', JWT_REFRESH_SECRET: 'refresh-secret-2' }, ttl)
      expect(readAccess(after, access())).to.equal(undefined)
      expect(after.readRefresh(refresh())).to.equal(undefined)
    })
    it('are not swapped in kind through the old secret either', () => {
      const crossed = createTokens({ ...next, JWT_SECRET_PREVIOUS: secrets.JWT_REFRESH_SECRET }, ttl)
      expect(readAccess(crossed, refresh())).to.equal(undefined)
    })
  })

  describe('are refused', () => {
    const refused = (token: string, label?: string) => {
      expect(readAccess(tokens, token), label).to.equal(undefined)
      expect(tokens.readRefresh(token), label).to.equal(undefined)
    }

    it('without a signature: alg none', () => {
      for (const token of [access(), refresh()]) {
        const [header, payload, signature] = partsOf(token)
        for (const alg of ['none', 'None', 'NONE']) {
          const unsigned = `${encoded({ ...decoded(header), alg })}.${payload}`
          refused(`${unsigned}.`, alg)
          refused(`${unsigned}.${signature}`, alg)
        }
      }
    })
    it('signed by another algorithm, even with our secret', () => {
      for (const [token, secret] of [
        [access(), secrets.JWT_SECRET],
        [refresh(), secrets.JWT_REFRESH_SECRET],
      ] as const)
        for (const algorithm of ['HS384', 'HS512'] as const) {
          const keyid = decoded(partsOf(token)[0])['kid'] as string
          refused(jwt.sign(decoded(partsOf(token)[1]), secret, { algorithm, keyid }), algorithm)
          expect(jwt.sign(decoded(partsOf(token)[1]), secret, { algorithm: 'HS256', keyid })).to.equal(token)
        }
    })
    it('when any part was tampered with', () => {
      const [header, payload, signature] = partsOf(access())
      refused(`${header}.${encoded({ ...decoded(payload), role: 'super_admin' })}.${signature}`)
      refused(`${encoded({ ...decoded(header), extra: 1 })}.${payload}.${signature}`)
      refused(`${header}.${payload}.${[...signature].reverse().join('')}`)
      const [refreshHeader, refreshPayload, refreshSignature] = partsOf(refresh())
      refused(`${refreshHeader}.${encoded({ ...decoded(refreshPayload), sub: sid })}.${refreshSignature}`)
    })
    it('once expired', () => {
      const past = createTokens(secrets, { accessSecs: -1, refreshSecs: -1 })
      refused(past.access(claims))
      refused(past.refresh({ sub, sid, jti }))
    })
    it('made for somebody else, or by nobody we know', () => {
      const keyid = decoded(partsOf(refresh())[0])['kid'] as string
      const sign = (options: jwt.SignOptions, secret = secrets.JWT_REFRESH_SECRET) =>
        jwt.sign({ typ: 'refresh', sub, sid, jti }, secret, { algorithm: 'HS256', keyid, audience, ...options })
      expect(tokens.readRefresh(sign({}))).to.include({ jti })
      expect(tokens.readRefresh(sign({ audience: 'another-api' }))).to.equal(undefined)
      expect(tokens.readRefresh(sign({ keyid: 'unknown' }))).to.equal(undefined)
      expect(tokens.readRefresh(sign({}, 'forged'))).to.equal(undefined)
    })
    it('when they are nothing of the kind', () => {
      for (const token of ['', '.', '..', 'a.b.c', 'Bearer', `${'x'.repeat(4096)}.y.z`, `${partsOf(access())[0]}..`])
        refused(token, token)
    })
    it('when they only look like one, without falling over them', () => {
      const said = ['{"alg":"HS256","typ":"JWT"}', '{"typ":"JWT","kid":{}}', 'null', '[]', '{', ''].map((text) =>
        Buffer.from(text).toString('base64url'),
      )
      for (const header of [...said, partsOf(access())[0], partsOf(refresh())[0]])
        for (const payload of said) for (const signature of ['', 'x', '=']) refused(`${header}.${payload}.${signature}`)
    })
    it('with claims that are missing or of another shape', () => {
      const good = { typ: 'access', ...claims, exp: 2_000_000_000 }
      expect(tokens.readAccess(good)).to.deep.equal(good)
      for (const claim of ['typ', 'sub', 'sid', 'role', 'user_revision', 'exp'])
        expect(tokens.readAccess({ ...good, [claim]: undefined }), claim).to.equal(undefined)
      for (const wrong of [{ role: 'root' }, { sub: 'me' }, { facility_id: 'here' }, { user_revision: '7' }])
        expect(tokens.readAccess({ ...good, ...wrong }), JSON.stringify(wrong)).to.equal(undefined)
      for (const payload of [undefined, null, 'text', []]) expect(tokens.readAccess(payload)).to.equal(undefined)
    })
  })
})
