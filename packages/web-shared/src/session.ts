import { ApiError, errorOf } from './api/problem.ts'
import type { components } from './api/schema.ts'

export type Tokens = components['schemas']['Tokens']
export type Person = Tokens['user']

export type SessionState =
  | { status: 'restoring' }
  /** There is a session, and nobody to ask about it. */
  | { status: 'unreachable' }
  | { status: 'anonymous'; ended: boolean }
  | { status: 'open'; user: Person; mustChangePassword: boolean }

export interface SessionDeps {
  fetch: (request: Request) => Promise<Response>
  /** Where requests go: an origin. */
  origin: string
  /** Of all pages of this origin, so that a link opened in another tab is let in as well. */
  storage: { get(): string | null; set(value: string): void; remove(): void }
  /** Runs one at a time, whichever page asks: a refresh token is good for once. */
  exclusively: <Result>(act: () => Promise<Result>) => Promise<Result>
  /** Milliseconds. */
  now: () => number
}

/** A token that is about to expire is renewed before it is sent. */
const earlyMs = 30_000
/** What a new token helps against. */
const expired = ['token_expired', 'unauthenticated', 'session_ended']

export type Session = ReturnType<typeof createSession>

/**
 * A person's session. The access token is in memory alone and lives for minutes; the refresh token is in the storage, where only scripts of this
 * origin can read it, and the content security policy lets none run but ours. Each is replaced when it is used, and ends the session when it is
 * used twice, so that one that was stolen is of no use for long.
 */
export function createSession({ fetch, origin, storage, exclusively, now }: SessionDeps) {
  let state: SessionState = storage.get() === null ? { status: 'anonymous', ended: false } : { status: 'restoring' }
  let access: { token: string; until: number } | undefined
  let renewing: Promise<string> | undefined
  const listeners = new Set<() => void>()

  function become(next: SessionState) {
    state = next
    for (const listener of listeners) listener()
  }

  const post = (path: string, body: object, token?: string) =>
    fetch(
      new Request(origin + path, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json', ...(token && { Authorization: `Bearer ${token}` }) },
        body: JSON.stringify(body),
      }),
    )

  function accept({ access_token, refresh_token, expires_in, user, must_change_password }: Tokens): string {
    storage.set(refresh_token)
    access = { token: access_token, until: now() + expires_in * 1000 }
    become({ status: 'open', user, mustChangePassword: must_change_password })
    return access_token
  }

  function forget(ended: boolean) {
    access = undefined
    become({ status: 'anonymous', ended })
  }

  const renewalBy = (refresh_token: string) => post('/api/auth/refresh', { refresh_token })

  /** By the newest refresh token there is: another tab may have replaced the one this one had. */
  async function renew(): Promise<string> {
    const refresh_token = storage.get()
    if (refresh_token === null) {
      if (state.status !== 'anonymous') forget(true)
      throw new ApiError({ title: '', status: 401, code: 'session_ended', detail: 'Log in again' })
    }
    const response = await renewalBy(refresh_token)
    const told = response.ok ? ((await response.json()) as Tokens) : await errorOf(response)
    // Somebody has logged out, or in, meanwhile: what was told is of no session of now.
    if (storage.get() !== refresh_token) return renew()
    if (!(told instanceof ApiError)) return accept(told)
    if (told.status === 401) {
      storage.remove()
      forget(true)
    }
    throw told
  }

  /** However many ask at once, one is made. */
  function refresh(): Promise<string> {
    renewing ??= exclusively(renew).finally(() => (renewing = undefined))
    return renewing
  }

  /** Ends it at the server: by this access token where it is still good, else by one that the refresh token is exchanged for. */
  async function end(bearer: string | undefined, refresh_token: string): Promise<void> {
    if (bearer && (await post('/api/auth/logout', {}, bearer)).status !== 401) return
    const response = await renewalBy(refresh_token)
    if (response.ok) await post('/api/auth/logout', {}, ((await response.json()) as Tokens).access_token)
  }

  const token = async () => (access && access.until - earlyMs > now() ? access.token : refresh())

  const withToken = (request: Request, bearer: string) => {
    const headers = new Headers(request.headers)
    headers.set('Authorization', `Bearer ${bearer}`)
    return new Request(request, { headers })
  }

  /** As `fetch`, as this person; once more with a new token where the one that was sent had expired or was not of now. */
  async function send(request: Request): Promise<Response> {
    const again = request.clone()
    const response = await fetch(withToken(request, await token()))
    if (response.status !== 401 || !expired.includes((await errorOf(response)).code)) return response
    return fetch(withToken(again, await refresh()))
  }

  async function restore(): Promise<void> {
    if (storage.get() === null) return void (state.status !== 'anonymous' && forget(true))
    become({ status: 'restoring' })
    await refresh().catch(() => {
      if (state.status === 'restoring') become({ status: 'unreachable' })
    })
  }

  return {
    state: () => state,
    subscribe: (listener: () => void) => {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    send,
    token,
    /** Takes up the session that is in the storage: when the page opens, or another tab has changed it. */
    restore,
    async login(email: string, password: string): Promise<void> {
      const response = await post('/api/auth/login', { email, password })
      if (!response.ok) throw await errorOf(response)
      accept((await response.json()) as Tokens)
    },
    /** The tokens of now still say that it must be changed, or are not of the user of now: new ones come with it. */
    async changePassword(current_password: string, new_password: string): Promise<void> {
      const response = await post('/api/auth/change-password', { current_password, new_password }, await token())
      if (!response.ok) throw await errorOf(response)
      await refresh()
    },
    /** Here and, as they share the storage, in every tab at once; then at the server, when whoever is renewing the token has done so. */
    async logout(): Promise<void> {
      const [bearer, refresh_token] = [access && access.until > now() ? access.token : undefined, storage.get()]
      storage.remove()
      forget(false)
      if (refresh_token !== null) await exclusively(() => end(bearer, refresh_token)).catch(() => undefined)
    },
    /** Another tab has logged in, out, or renewed the token. */
    async changedElsewhere(): Promise<void> {
      if (storage.get() === null) return void (state.status !== 'anonymous' && forget(false))
      if (state.status !== 'open') await restore()
    },
  }
}
