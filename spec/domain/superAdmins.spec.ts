import fc from 'fast-check'
import { expect } from 'chai'
import { Refusal } from '../../domain/refusal.ts'
import * as SuperAdmins from '../../domain/superAdmins.ts'
import { deciding } from './deciding.ts'

const { given, stateAfter } = deciding(SuperAdmins)

const at = '2026-11-24T09:00:00.000Z'
const admitted = (user_id: string, user_revision = 0): SuperAdmins.Event => ({
  type: 'SuperAdminAdmitted',
  data: { user_id, user_revision, admitted_at: at },
})
const dismissed = (user_id: string, user_revision = 0): SuperAdmins.Event => ({
  type: 'SuperAdminDismissed',
  data: { user_id, user_revision, dismissed_at: at },
})
const admit = (user_id: string, user_revision = 0) => SuperAdmins.admit({ user_id, user_revision, admitted_at: at })
const dismiss = (user_id: string, user_revision = 0) =>
  SuperAdmins.dismiss({ user_id, user_revision, dismissed_at: at })

describe('who counts as a super_admin', () => {
  it('whoever came', () => given().when(admit('a')).then(admitted('a')))
  it('once', () => given(admitted('a')).when(admit('a', 4)).then())
  it('nobody who was let go of at that revision or later', () => given(dismissed('a', 3)).when(admit('a', 3)).then())
  it('whoever came back since', () => given(dismissed('a', 3)).when(admit('a', 5)).then(admitted('a', 5)))
  it('not whoever goes while another stays', () =>
    given(admitted('a'), admitted('b')).when(dismiss('a', 2)).then(dismissed('a', 2)))
  it('the last one, who cannot go', () => {
    given(admitted('a')).when(dismiss('a')).refused('last-super-admin')
    given(admitted('a'), admitted('b'), dismissed('b')).when(dismiss('a')).refused('last-super-admin')
  })
  it('the last one, whom somebody goes before who was never counted', () =>
    given(admitted('a')).when(dismiss('b')).then(dismissed('b')))
  it('nobody twice: who was let go of may go', () =>
    given(admitted('a'), admitted('b'), dismissed('b', 2)).when(dismiss('b', 2)).then())

  it('is somebody at every moment, however many come and go in whatever order', () =>
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.boolean(), fc.constantFrom('a', 'b', 'c'), fc.nat(6)), { maxLength: 40 }),
        (steps) => {
          const events: SuperAdmins.Event[] = [admitted('first')]
          for (const [comes, who, revision] of steps) {
            try {
              events.push(...(comes ? admit : dismiss)(who, revision)(stateAfter(...events)))
            } catch (error) {
              if (!(error instanceof Refusal)) throw error
            }
            try {
              events.push(...dismiss('first', revision)(stateAfter(...events)))
            } catch (error) {
              if (!(error instanceof Refusal)) throw error
            }
            expect(Object.values(stateAfter(...events)).some(({ counts }) => counts)).to.equal(true)
          }
        },
      ),
    ))
})
