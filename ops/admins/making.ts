import { createAdmin, type CreatedAdmin } from '../../commands/createAdmin.ts'
import { Email } from '../../commands/users.ts'
import { erasedBy, personalFields } from '../../domain/events.ts'
import { type Config, masterKeysOf } from '../platform/config.ts'
import { connectEventStore } from '../platform/eventStoreClient.ts'
import { createPasswords } from '../platform/passwords.ts'
import { line } from '../platform/route.ts'

/** Makes a super_admin in the log that this configuration names: see `createAdmin`. Throws, in words to act on, at what cannot be. */
export async function makeAdmin(
  config: Pick<Config, 'EVENTSTORE_URL' | 'DATA_ENCRYPTION_KEY' | 'DATA_ENCRYPTION_KEY_PREVIOUS'>,
  wanted: { email: string; name: string; mustChangePassword: boolean },
): Promise<CreatedAdmin> {
  const email = Email.safeParse(wanted.email)
  if (!email.success) throw new Error('--email must be an e-mail address')
  const name = line(200).safeParse(wanted.name)
  if (!name.success) throw new Error('--name must be one line of 1 to 200 characters')
  const store = connectEventStore({ url: config.EVENTSTORE_URL, ...masterKeysOf(config), personalFields, erasedBy })
  const passwords = await createPasswords(1)
  try {
    const deps = { store, passwords, now: () => new Date().toISOString() }
    return await createAdmin(deps, { ...wanted, email: email.data, name: name.data })
  } finally {
    await passwords.close()
    await store.close()
  }
}
