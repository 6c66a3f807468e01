import { useSyncExternalStore } from 'react'
import { type Permission, reachOf } from '../../../domain/access.ts'
import { session } from './api/client.ts'

export const useSession = () => useSyncExternalStore(session.subscribe, session.state)

/** The person who is logged in; pages below the shell always have one. */
export function useMe() {
  const state = useSession()
  if (state.status !== 'open') throw new Error('nobody is logged in')
  return state.user
}

/** By the very table that the server decides by: what somebody may not do is not offered. */
export function useMay(): (permission: Permission) => boolean {
  const { role } = useMe()
  return (permission) => reachOf(permission, { role }) !== undefined
}
