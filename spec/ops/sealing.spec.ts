import { expect } from 'chai'
import { createSealing, erased, type SealedField } from '../../ops/platform/sealing.ts'
import { frozen } from '../domain/frozen.ts'

const secret = 'Q9s1-data-6eR3lYd8VbJz4Uh5Xf0Kg7a'
const fields = ['email', 'name'] as const
const data = frozen({ email: 'ada@example.org', name: 'Ada', role: 'user' })

/** Users' keys as their streams hold them, and how often they were asked for. */
function keysOf(...users: string[]) {
  const wrapped = new Map<string, string>()
  let reads = 0
  const sealing = createSealing({ secret }, (user) => {
    reads++
    return Promise.resolve(wrapped.get(user))
  })
  for (const user of users) wrapped.set(user, sealing.newKey())
  return { wrapped, sealing, reads: () => reads }
}

/** The error a promise ends with. */
const failure = (promise: Promise<unknown>) =>
  promise.then(
    () => expect.fail('nothing was thrown'),
    (error: unknown) => error as Error,
  )

describe('sealing', () => {
  const { sealing, wrapped } = keysOf('u1', 'u2')
  const seal = () => sealing.seal('u1', 'UserRegistered', data, fields)

  it('gives back what it sealed', async () => {
    expect(await sealing.open('u1', 'UserRegistered', await seal(), fields)).to.deep.equal(data)
    const odd = { email: '', name: { first: '에이다', more: [1, null, true] }, role: 'user' }
    const sealed = await sealing.seal('u1', 'UserRegistered', odd, fields)
    expect(await sealing.open('u1', 'UserRegistered', sealed, fields)).to.deep.equal(odd)
  })

  it('leaves no plain text of what it sealed, and everything else as it is', async () => {
    const sealed = await seal()
    expect(sealed).to.include({ role: 'user' }).and.have.all.keys('email', 'name', 'role')
    const text = JSON.stringify(sealed)
    for (const plain of ['ada@example.org', 'Ada', Buffer.from('"Ada"').toString('base64url')])
      expect(text).not.to.include(plain)
    expect(sealed['email']).to.have.all.keys('sealed', 'box').and.include({ sealed: 'v1' })
  })

  it('seals the same words differently every time', async () => {
    const [one, other] = [await seal(), await seal()]
    expect(one['email'].box).not.to.equal(other['email'].box)
  })

  it('leaves alone a field that is not there', async () => {
    const sealed = await sealing.seal('u1', 'UserRegistered', { role: 'user' }, fields)
    expect(sealed).to.deep.equal({ role: 'user' })
    expect(await sealing.open('u1', 'UserRegistered', sealed, fields)).to.deep.equal({ role: 'user' })
  })

  it('keeps no key of a user who is being erased, before it is gone and after', async () => {
    const { sealing: own, wrapped: keys, reads } = keysOf('u1')
    const sealed = await own.seal('u1', 'UserRegistered', data, fields)
    own.forget('u1')
    // Somebody reads once more before the key is gone.
    expect(await own.open('u1', 'UserRegistered', sealed, fields)).to.deep.equal(data)
    keys.delete('u1')
    const gone = { email: erased, name: erased, role: 'user' }
    expect(await own.open('u1', 'UserRegistered', sealed, fields)).to.deep.equal(gone)
    const asked = reads()
    await own.open('u1', 'UserRegistered', sealed, fields)
    expect(reads(), 'gone for ever').to.equal(asked)
  })

  describe('binds a field to its place', () => {
    it('and opens for no other user', async () =>
      expect(await failure(sealing.open('u2', 'UserRegistered', await seal(), fields))).to.be.instanceOf(Error))
    it('even one with the same key', async () => {
      wrapped.set('twin', wrapped.get('u1')!)
      expect(await failure(sealing.open('twin', 'UserRegistered', await seal(), fields))).to.be.instanceOf(Error)
    })
    it('and opens in no other event', async () =>
      expect(await failure(sealing.open('u1', 'UserRenamed', await seal(), fields))).to.be.instanceOf(Error))
    it('and opens in no other field', async () => {
      const { email, name } = await seal()
      const swapped = { email: name, name: email }
      expect(await failure(sealing.open('u1', 'UserRegistered', swapped, fields))).to.be.instanceOf(Error)
    })
  })

  it('seals secrets of the installation, each for its place', () => {
    const box = sealing.sealSecret('gpuServer-1', 'sesame')
    expect(box).not.to.include('sesame')
    expect(box).not.to.equal(sealing.sealSecret('gpuServer-1', 'sesame'))
    expect(sealing.openSecret('gpuServer-1', box)).to.equal('sesame')
    expect(() => sealing.openSecret('gpuServer-2', box)).to.throw()
    expect(() => sealing.openSecret('gpuServer-1', `${box.slice(0, -4)}AAAA`)).to.throw()
    const other = createSealing({ secret: 'another secret of thirty-two characters' }, () => Promise.resolve(undefined))
    expect(() => other.openSecret('gpuServer-1', box)).to.throw()
  })

  it('throws when any byte of a box was touched', async () => {
    const sealed = await seal()
    const box = Buffer.from((sealed['name'] as SealedField).box, 'base64url')
    for (let i = 0; i < box.length; i++) {
      const touched = Buffer.from(box)
      touched[i]! ^= 1
      const tampered = { ...sealed, name: { sealed: 'v1', box: touched.toString('base64url') } }
      expect(await failure(sealing.open('u1', 'UserRegistered', tampered, fields)), `byte ${i}`).to.be.instanceOf(Error)
    }
    for (const cut of ['', box.subarray(0, -1).toString('base64url'), box.subarray(-20).toString('base64url')]) {
      const tampered = { ...sealed, name: { sealed: 'v1', box: cut } }
      expect(await failure(sealing.open('u1', 'UserRegistered', tampered, fields))).to.be.instanceOf(Error)
    }
  })

  describe('when a user’s key is gone', () => {
    it('reads as erased, field by field, and the rest as it is', async () => {
      const sealed = await seal()
      expect(await sealing.open('gone', 'UserRegistered', sealed, fields)).to.deep.equal({
        email: erased,
        name: erased,
        role: 'user',
      })
      expect(erased).to.equal('[erased]')
    })
    it('seals nothing any more, in plain text least of all', async () =>
      expect(await failure(sealing.seal('gone', 'UserRegistered', data, fields))).to.have.property(
        'message',
        'The key of user gone is gone: nothing can be sealed for them',
      ))
  })

  it('reads a user’s key once', async () => {
    const { sealing, reads } = keysOf('u1')
    for (let i = 0; i < 5; i++) await sealing.seal('u1', 'UserRenamed', { name: 'Ada' }, ['name'])
    expect(reads()).to.equal(1)
  })

  it('does not hold it against a user that their key could not be read for a moment', async () => {
    let away = true
    const { wrapped } = keysOf('u1')
    const sealing = createSealing({ secret }, (user) =>
      away ? Promise.reject(new Error('away')) : Promise.resolve(wrapped.get(user)),
    )
    expect(await failure(sealing.seal('u1', 'UserRenamed', { name: 'Ada' }, ['name']))).to.have.property(
      'message',
      'away',
    )
    away = false
    expect(await sealing.seal('u1', 'UserRenamed', { name: 'Ada' }, ['name'])).to.have.property('name')
  })

  describe('under DATA_ENCRYPTION_KEY', () => {
    const other = createSealing({ secret: `${secret}!` }, (user) => Promise.resolve(wrapped.get(user)))

    it('makes another key every time', () => expect(sealing.newKey()).not.to.equal(sealing.newKey()))
    it('opens nothing with another one', async () => {
      expect(await failure(other.open('u1', 'UserRegistered', await seal(), fields))).to.be.instanceOf(Error)
      expect(() => other.keyedHash(wrapped.get('u1')!, 'ICN-1')).to.throw()
    })
    it('gives the digest of a request, which depends on the secret', () => {
      expect(sealing.digest('a password')).to.match(/^[0-9a-f]{64}$/)
      expect(sealing.digest('a password')).to.equal(
        createSealing({ secret }, () => Promise.reject()).digest('a password'),
      )
      expect(sealing.digest('a password')).not.to.equal(sealing.digest('another'))
      expect(sealing.digest('a password')).not.to.equal(other.digest('a password'))
    })
    it('gives the hash of a name, which depends on the key', () => {
      const [one, two] = [sealing.newKey(), sealing.newKey()]
      expect(sealing.keyedHash(one, 'ICN-1')).to.match(/^[0-9a-f]{64}$/)
      expect(sealing.keyedHash(one, 'ICN-1')).to.equal(sealing.keyedHash(one, 'ICN-1'))
      expect(sealing.keyedHash(one, 'ICN-1')).not.to.equal(sealing.keyedHash(one, 'ICN-2'))
      expect(sealing.keyedHash(one, 'ICN-1')).not.to.equal(sealing.keyedHash(two, 'ICN-1'))
    })
  })
})
