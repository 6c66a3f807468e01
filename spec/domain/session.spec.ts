import { expect } from 'chai'
import * as Session from '../../domain/session.ts'
import { deciding } from './deciding.ts'

const { given, stateAfter } = deciding(Session)

const time = (secs: number) => new Date(Date.parse('2026-11-24T09:00:00.000Z') + secs * 1000).toISOString()
const data = {
  user_id: 'u1',
  refresh_id: 'r1',
  address: '203.0.113.7',
  user_agent: 'Firefox',
  password_generation: 3,
  started_at: time(0),
  expires_at: time(604_800),
}
const next = (refresh_id: string, secs: number) => ({
  refresh_id,
  refreshed_at: time(secs),
  expires_at: time(secs + 604_800),
})
/** With a token that is good since a moment ago. */
const refresh = (presented: string, data: ReturnType<typeof next>) => Session.refresh(presented, data, true)
const started: Session.Event = { type: 'SessionStarted', data }
const refreshed = (refresh_id: string, secs: number): Session.Event => ({
  type: 'SessionRefreshed',
  data: next(refresh_id, secs),
})
const ended = (reason: Session.EndReason, secs: number): Session.Event => ({
  type: 'SessionEnded',
  data: { reason, ended_at: time(secs) },
})

describe('a session', () => {
  describe('is started', () => {
    it('once', () => given().when(Session.start(data)).then(started))
    it('again, which adds nothing', () =>
      given(started)
        .when(Session.start({ ...data, refresh_id: 'r9' }))
        .then())
    it('never again once ended', () => given(started, ended('logout', 1)).when(Session.start(data)).then())
  })

  describe('is refreshed', () => {
    it('by its token, which is replaced', () =>
      given(started)
        .when(refresh('r1', next('r2', 100)))
        .then(refreshed('r2', 100)))
    it('by the token that replaced it', () =>
      given(started, refreshed('r2', 100))
        .when(refresh('r2', next('r3', 101)))
        .then(refreshed('r3', 101)))
    it('and knows its new token, the one before, and how long it lasts', () =>
      expect(stateAfter(started, refreshed('r2', 100), refreshed('r3', 200))).to.deep.equal({
        status: 'open',
        user_id: 'u1',
        refresh_id: 'r3',
        parent_id: 'r2',
        password_generation: 3,
        refreshed_at: time(200),
        expires_at: time(604_800 + 200),
      }))
    it('not when there is none', () =>
      given()
        .when(refresh('r1', next('r2', 100)))
        .refused('session-ended'))
    it('not once ended', () =>
      given(started, ended('logout', 1))
        .when(refresh('r1', next('r2', 100)))
        .refused('session-ended'))
  })

  describe('when a token is presented a second time', () => {
    for (const secs of [-60, 0, 60])
      it(`keeps a young successor, for a client whose answer got lost, whose time is ${secs} s ago by the clock here`, () =>
        given(started, refreshed('r2', 100))
          .when(Session.refresh('r1', next('r3', 100 + secs), true))
          .then())
    for (const secs of [-60, 0, 60])
      it(`ends where that is young no more, whose time is ${secs} s ago by the clock here: somebody else may have it`, () =>
        given(started, refreshed('r2', 100))
          .when(Session.refresh('r1', next('r3', 100 + secs), false))
          .thenRefusing('session-ended', ended('reuse_detected', 100 + secs)))
    it('ends when it is older than the last, however soon', () =>
      given(started, refreshed('r2', 100), refreshed('r3', 101))
        .when(refresh('r1', next('r4', 101)))
        .thenRefusing('session-ended', ended('reuse_detected', 101)))
    it('ends for a token that was never its own', () =>
      given(started)
        .when(refresh('forged', next('r2', 1)))
        .thenRefusing('session-ended', ended('reuse_detected', 1)))
  })

  describe('is ended', () => {
    for (const reason of ['logout', 'password_changed', 'deactivated', 'ended_by_admin'] as const)
      it(`for the reason ${reason}`, () =>
        given(started)
          .when(Session.end({ reason, ended_at: time(9) }))
          .then(ended(reason, 9)))
    it('once: the first reason stands', () =>
      given(started, ended('logout', 1))
        .when(Session.end({ reason: 'password_changed', ended_at: time(9) }))
        .then())
    it('not when there is none, which adds nothing', () =>
      given()
        .when(Session.end({ reason: 'logout', ended_at: time(9) }))
        .then())
  })

  it('remembers of which password it is, and no address', () => {
    const state = stateAfter(started)
    expect(state).to.include({ password_generation: 3 })
    expect(JSON.stringify(state)).not.to.match(/203\.0\.113|Firefox/)
  })

  it('is nothing before it is started', () =>
    expect(stateAfter(refreshed('r2', 1), ended('logout', 2))).to.deep.equal({ status: 'unknown' }))
})
