import { expect } from 'chai'
import * as UserKey from '../../domain/userKey.ts'
import { deciding } from './deciding.ts'

const { given, stateAfter } = deciding(UserKey)

const at = '2026-11-24T09:00:00.000Z'
const created = (wrapped: string): UserKey.Event => ({ type: 'UserKeyCreated', data: { wrapped, created_at: at } })

describe('the key of a user', () => {
  it('is made once', () =>
    given()
      .when(UserKey.create({ wrapped: 'box-1', created_at: at }))
      .then(created('box-1')))
  it('is never made again: what it sealed must stay readable', () =>
    given(created('box-1'))
      .when(UserKey.create({ wrapped: 'box-2', created_at: at }))
      .then())
  it('is kept as it was wrapped', () => {
    expect(stateAfter()).to.deep.equal({ status: 'unknown' })
    expect(stateAfter(created('box-1'))).to.deep.equal({ status: 'present', wrapped: 'box-1' })
  })

  it('is wrapped anew, once for each wrapping', () => {
    const again = UserKey.rewrap({ wrapped: 'box-2', rewrapped_at: at })
    const rewrapped = { type: 'UserKeyRewrapped' as const, data: { wrapped: 'box-2', rewrapped_at: at } }
    given(created('box-1')).when(again).then(rewrapped)
    given(created('box-1'), rewrapped).when(again).then()
    expect(stateAfter(created('box-1'), rewrapped)).to.deep.equal({ status: 'present', wrapped: 'box-2' })
    // What is not there has no other wrapping; that its first one has expired is no hindrance.
    given().when(again).then()
    expect(stateAfter(rewrapped)).to.deep.equal({ status: 'present', wrapped: 'box-2' })
  })
})
