import { expect } from 'chai'
import * as ApiKey from '../../domain/apiKey.ts'
import { deciding } from './deciding.ts'

const { given, stateAfter } = deciding(ApiKey)

const at = '2026-11-24T09:00:00.000Z'
const data = {
  name: 'gate 3',
  facility_id: 'f1',
  device_id: 'd1',
  scopes: ['upload'],
  secret_sha256: 'aa',
  expires_at: '2027-01-01T00:00:00.000Z',
  issued_at: at,
} as const
const { expires_at: _, ...lasting } = data
const issued: ApiKey.Event = { type: 'ApiKeyIssued', data }
const renamed: ApiKey.Event = { type: 'ApiKeyRenamed', data: { name: 'gate 4', renamed_at: at } }
const rotated: Extract<ApiKey.Event, { type: 'ApiKeyRotated' }> = {
  type: 'ApiKeyRotated',
  data: { secret_sha256: 'bb', previous_valid_until: '2026-11-25T09:00:00.000Z', rotated_at: at },
}
const revoked: ApiKey.Event = { type: 'ApiKeyRevoked', data: { revoked_at: at } }

describe('an API key', () => {
  describe('is issued', () => {
    it('once', () => given().when(ApiKey.issue(data)).then(issued))
    it('again, which keeps the first secret', () =>
      given(issued)
        .when(ApiKey.issue({ ...data, secret_sha256: 'cc' }))
        .then())
    it('never again once revoked', () => given(issued, revoked).when(ApiKey.issue(data)).then())
  })

  describe('is renamed', () => {
    const rename = ApiKey.rename({ name: 'gate 4', renamed_at: at })
    it('once', () => given(issued).when(rename).then(renamed))
    it('to the name it has, which adds nothing', () => given(issued, renamed).when(rename).then())
    it('not once revoked', () => given(issued, revoked).when(rename).refused('api-key-revoked'))
    it('only when there is one', () => given().when(rename).refused('api-key-unknown'))
  })

  describe('is rotated', () => {
    const rotate = ApiKey.rotate(rotated.data)
    it('to another secret', () => given(issued).when(rotate).then(rotated))
    it('again to the same, which adds nothing', () => given(issued, rotated).when(rotate).then())
    it('not once revoked', () => given(issued, revoked).when(rotate).refused('api-key-revoked'))
    it('not from the moment it expires', () => {
      const { expires_at } = data
      given(issued)
        .when(ApiKey.rotate({ ...rotated.data, rotated_at: expires_at }))
        .refused('api-key-expired')
      const before: ApiKey.Event = {
        type: 'ApiKeyRotated',
        data: { ...rotated.data, rotated_at: '2026-12-31T23:59:59.999Z' },
      }
      given(issued).when(ApiKey.rotate(before.data)).then(before)
    })
    it('only when there is one', () => given().when(rotate).refused('api-key-unknown'))
  })

  describe('is revoked', () => {
    const revoke = ApiKey.revoke({ revoked_at: at })
    it('once', () => given(issued).when(revoke).then(revoked))
    it('again, which adds nothing', () => given(issued, revoked).when(revoke).then())
    it('only when there is one', () => given().when(revoke).refused('api-key-unknown'))
  })

  describe('lets in', () => {
    const acceptable = (when: string, ...events: ApiKey.Event[]) => ApiKey.acceptable(stateAfter(...events), when)

    it('whoever has its secret', () => expect(acceptable(at, issued)).to.deep.equal(['aa']))
    it('until it expires, and not in that moment', () => {
      expect(acceptable('2026-12-31T23:59:59.999Z', issued)).to.deep.equal(['aa'])
      expect(acceptable('2027-01-01T00:00:00.000Z', issued)).to.deep.equal([])
    })
    it('for ever when it does not expire', () =>
      expect(acceptable('2099-01-01T00:00:00.000Z', { type: 'ApiKeyIssued', data: lasting })).to.deep.equal(['aa']))
    it('by two secrets while a rotation overlaps, then by the new one alone', () => {
      expect(acceptable('2026-11-25T08:59:59.999Z', issued, rotated)).to.deep.equal(['bb', 'aa'])
      expect(acceptable('2026-11-25T09:00:00.000Z', issued, rotated)).to.deep.equal(['bb'])
    })
    it('by the last two secrets only, however often it was rotated', () => {
      const again: ApiKey.Event = { type: 'ApiKeyRotated', data: { ...rotated.data, secret_sha256: 'cc' } }
      expect(acceptable(at, issued, rotated, again)).to.deep.equal(['cc', 'bb'])
    })
    it('nobody once revoked, whatever overlaps', () => expect(acceptable(at, issued, rotated, revoked)).to.be.empty)
    it('nobody before it is issued', () => expect(acceptable(at)).to.be.empty)
  })

  it('is what its events say', () => {
    expect(stateAfter(issued, renamed, rotated, revoked)).to.deep.equal({
      status: 'revoked',
      ...data,
      name: 'gate 4',
      secret_sha256: 'bb',
      previous: { secret_sha256: 'aa', valid_until: '2026-11-25T09:00:00.000Z' },
    })
    expect(stateAfter(renamed, rotated, revoked)).to.deep.equal({ status: 'unknown' })
  })
})
