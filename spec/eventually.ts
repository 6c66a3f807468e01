import { setTimeout as delay } from 'node:timers/promises'

/** Waits until the check holds, asking again every few milliseconds; then fails with the check's own last error. */
export async function eventually<T>(check: () => Promise<T> | T, withinMs = 10_000): Promise<T> {
  for (const deadline = Date.now() + withinMs; ;) {
    try {
      return await check()
    } catch (error) {
      if (Date.now() > deadline) throw error
      await delay(10)
    }
  }
}
