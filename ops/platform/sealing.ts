import { createCipheriv, createDecipheriv, createHash, createHmac, randomBytes } from 'node:crypto'
import { LRUCache } from 'lru-cache'

/** What a field whose key is gone reads as, everywhere and for ever. */
export const erased = '[erased]'

/** How a sealed field is stored: base64url of iv (12 bytes), ciphertext and tag (16 bytes), AES-256-GCM. */
export interface SealedField {
  sealed: 'v1'
  box: string
}

export interface Sealing {
  /** A fresh 256-bit key, wrapped by DATA_ENCRYPTION_KEY: what UserKeyCreated and NameKeyCreated store. */
  newKey(): string
  /** HMAC-SHA256 under a wrapped key, hex. */
  keyedHash(wrapped: string, text: string): string
  /** HMAC-SHA256 under a key of this installation: a plain hash of a request would let one guess the password in it. */
  digest(text: string): string
  /** Seals the named fields of an event's data under the user's key. */
  seal(
    subject: string,
    type: string,
    data: Record<string, any>,
    fields: readonly string[],
  ): Promise<Record<string, any>>
  /** The inverse; `[erased]` where the user's key is gone. Throws when a field was tampered with. */
  open(
    subject: string,
    type: string,
    data: Record<string, any>,
    fields: readonly string[],
  ): Promise<Record<string, any>>
  /** Seals a secret of the installation itself, for the place that is named: it opens nowhere else. */
  sealSecret(place: string, secret: string): string
  /** The inverse. Throws when it was tampered with, or sealed for another place or by another installation. */
  openSecret(place: string, box: string): string
  /** A wrapped key under the DATA_ENCRYPTION_KEY of today; undefined where it is under that already. Throws WrongMasterKey. */
  rewrapped(wrapped: string): string | undefined
  /** The same for a secret of the installation. */
  resealed(place: string, box: string): string | undefined
  /** The user is being erased: from now on the key is looked up each time, until it is gone. */
  forget(subject: string): void
}

function encrypt(key: Buffer, context: string, plain: Buffer): string {
  const iv = randomBytes(12)
  const cipher = createCipheriv('aes-256-gcm', key, iv).setAAD(Buffer.from(context))
  return Buffer.concat([iv, cipher.update(plain), cipher.final(), cipher.getAuthTag()]).toString('base64url')
}

function decrypt(key: Buffer, context: string, box: string): Buffer {
  const bytes = Buffer.from(box, 'base64url')
  const cipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, 12)).setAAD(Buffer.from(context))
  cipher.setAuthTag(bytes.subarray(-16))
  return Buffer.concat([cipher.update(bytes.subarray(12, -16)), cipher.final()])
}

/** Says which DATA_ENCRYPTION_KEY it is without saying what: 16 hex digits. */
export const fingerprintOf = (secret: string): string =>
  createHash('sha256').update('xylolabs data encryption fingerprint v1\0').update(secret).digest('hex').slice(0, 16)

const masterOf = (secret: string) =>
  createHash('sha256').update('xylolabs data encryption v1\0').update(secret).digest()

/** The secrets of an installation, any text of at least 32 characters: DATA_ENCRYPTION_KEY, and DATA_ENCRYPTION_KEY_PREVIOUS while it is being changed. */
export interface MasterKeys {
  secret: string
  previousSecret?: string | undefined
}

/** Neither key opens what this installation has sealed, or it was tampered with. */
export class WrongMasterKey extends Error {
  override readonly name = 'WrongMasterKey'
  constructor(cause: unknown) {
    super(
      'DATA_ENCRYPTION_KEY is not the key that this log is sealed under, nor is DATA_ENCRYPTION_KEY_PREVIOUS: put back the one that is',
      { cause },
    )
  }
}

/**
 * Seals with the secret of today, and opens what the previous one has sealed too.
 * @param wrappedKeyOf reads a user's wrapped key from its stream; undefined once that stream is tombstoned.
 */
export function createSealing(
  { secret, previousSecret }: MasterKeys,
  wrappedKeyOf: (subject: string) => Promise<string | undefined>,
): Sealing {
  const master = masterOf(secret)
  const previous = previousSecret === undefined ? undefined : masterOf(previousSecret)
  const digests = createHash('sha256').update('xylolabs request digests v1\0').update(secret).digest()
  const keys = new LRUCache<string, { key: Buffer | undefined }>({ max: 10_000 })
  const leaving = new LRUCache<string, true>({ max: 10_000 })
  const openedByMaster = (context: string, box: string): { plain: Buffer; isCurrent: boolean } => {
    try {
      return { plain: decrypt(master, context, box), isCurrent: true }
    } catch (error) {
      if (!previous) throw new WrongMasterKey(error)
    }
    try {
      return { plain: decrypt(previous, context, box), isCurrent: false }
    } catch (error) {
      throw new WrongMasterKey(error)
    }
  }
  const anew = (context: string, box: string) => {
    const { plain, isCurrent } = openedByMaster(context, box)
    return isCurrent ? undefined : encrypt(master, context, plain)
  }
  const unwrap = (wrapped: string) => openedByMaster('key', wrapped).plain
  const keyOf = async (subject: string): Promise<Buffer | undefined> => {
    let entry = keys.get(subject)
    if (!entry) {
      const wrapped = await wrappedKeyOf(subject)
      entry = { key: wrapped === undefined ? undefined : unwrap(wrapped) }
      // That it is gone is so for ever.
      if (!entry.key || !leaving.has(subject)) keys.set(subject, entry)
    }
    return entry.key
  }
  // The context binds a box to its place: a sealed name moved into another field, event or user does not open.
  const context = (subject: string, type: string, field: string) => `${subject} ${type} ${field}`

  return {
    newKey: () => encrypt(master, 'key', randomBytes(32)),
    keyedHash: (wrapped, text) => createHmac('sha256', unwrap(wrapped)).update(text).digest('hex'),
    digest: (text) => createHmac('sha256', digests).update(text).digest('hex'),
    seal: async (subject, type, data, fields) => {
      const key = await keyOf(subject)
      if (!key) throw new Error(`The key of user ${subject} is gone: nothing can be sealed for them`)
      const sealed = { ...data }
      for (const field of fields)
        if (data[field] !== undefined) {
          const box = encrypt(key, context(subject, type, field), Buffer.from(JSON.stringify(data[field])))
          sealed[field] = { sealed: 'v1', box } satisfies SealedField
        }
      return sealed
    },
    open: async (subject, type, data, fields) => {
      const key = await keyOf(subject)
      const opened = { ...data }
      for (const field of fields) {
        const stored = data[field] as SealedField | undefined
        if (stored !== undefined)
          opened[field] = key ? JSON.parse(decrypt(key, context(subject, type, field), stored.box).toString()) : erased
      }
      return opened
    },
    sealSecret: (place, secret) => encrypt(master, `secret ${place}`, Buffer.from(secret)),
    openSecret: (place, box) => openedByMaster(`secret ${place}`, box).plain.toString(),
    rewrapped: (wrapped) => anew('key', wrapped),
    resealed: (place, box) => anew(`secret ${place}`, box),
    forget: (subject) => {
      leaving.set(subject, true)
      keys.delete(subject)
    },
  }
}
