import { randomUUID } from 'node:crypto'
import type { Passwords } from '../ops/platform/passwords.ts'
import type { Deps } from './http.ts'
import { systemIntent } from './http.ts'
import { newPassword } from './passwordRules.ts'
import { registerUser } from './users.ts'

export interface CreatedAdmin {
  id: string
  email: string
  password: string
}

/**
 * A super_admin with a password of our making, for whoever holds the data folder or the environment. Refuses `email-taken`.
 * @param mustChangePassword false only for those whose password nobody reads
 */
export async function createAdmin(
  deps: Deps & { passwords: Passwords },
  { email, name, mustChangePassword }: { email: string; name: string; mustChangePassword: boolean },
): Promise<CreatedAdmin> {
  const [id, password] = [randomUUID(), newPassword()]
  const user = {
    email,
    name,
    role: 'super_admin' as const,
    password_hash: await deps.passwords.hash(password),
    must_change_password: mustChangePassword,
    registered_at: deps.now(),
  }
  await registerUser(deps, id, user, systemIntent('operator', id))
  return { id, email, password }
}
