import { expect } from 'chai'
import * as Reservation from '../../domain/reservation.ts'
import { deciding } from './deciding.ts'

const { given, stateAfter } = deciding(Reservation)

const at = '2026-11-24T09:00:00.000Z'
const by = (owner_id: string, kind: Reservation.Kind = 'userEmail') => ({ kind, owner_id, reserved_at: at })
const reserved = (owner_id: string, kind?: Reservation.Kind): Reservation.Event => ({
  type: 'NameReserved',
  data: by(owner_id, kind),
})
const released = (owner_id: string): Reservation.Event => ({
  type: 'NameReleased',
  data: { owner_id, released_at: at },
})

describe('a reservation', () => {
  describe('is taken', () => {
    it('by whoever comes first', () =>
      given()
        .when(Reservation.reserve(by('a')))
        .then(reserved('a')))
    it('again by its owner, which adds nothing: a crash before registering heals by repeating', () =>
      given(reserved('a'))
        .when(Reservation.reserve(by('a')))
        .then())
    it('by another once released', () =>
      given(reserved('a'), released('a'))
        .when(Reservation.reserve(by('b')))
        .then(reserved('b')))
    it('by its owner once released', () =>
      given(reserved('a'), released('a'))
        .when(Reservation.reserve(by('a')))
        .then(reserved('a')))

    const codes = {
      userEmail: 'email-taken',
      facilityCode: 'code-taken',
      deviceSerial: 'serial-taken',
      firmwareVersion: 'firmware-version-taken',
      tagName: 'tag-taken',
      recording: 'recording-taken',
      firstAdmin: 'admin-exists',
    } satisfies Record<Reservation.Kind, string>
    for (const [kind, code] of Object.entries(codes) as [Reservation.Kind, string][])
      it(`by nobody else: ${code}`, () =>
        given(reserved('a', kind))
          .when(Reservation.reserve(by('b', kind)))
          .refused(code))
  })

  describe('is released', () => {
    const release = (owner_id: string) => Reservation.release({ owner_id, released_at: at })
    it('by its owner, once', () => given(reserved('a')).when(release('a')).then(released('a')))
    it('by nobody else, which adds nothing', () => given(reserved('a')).when(release('b')).then())
    it('not by an owner of before, which adds nothing', () =>
      given(reserved('a'), released('a'), reserved('b')).when(release('a')).then())
    it('not when it is free, which adds nothing', () => given().when(release('a')).then())
  })

  it('is what its events say', () => {
    expect(stateAfter(reserved('a'))).to.deep.equal({ status: 'held', ...by('a') })
    expect(stateAfter(reserved('a'), released('a'))).to.deep.equal({ status: 'free' })
  })
})
