import { once } from 'node:events'
import type { PersistentAction, PersistentSubscriptionBase, ResolvedEvent } from '@eventstore/db-client'
import { eventually } from '../../../eventually.ts'

export interface Received extends ResolvedEvent {
  retryCount: number
}

/** A consumer of a subscription group that answers nothing by itself. */
export class Consuming {
  readonly subscription: PersistentSubscriptionBase<ResolvedEvent>
  /** All there was, in order. */
  readonly received: Received[] = []
  /** Why the server ended it; `end` if it gave no reason. */
  readonly over: Promise<Error | 'end'>
  /** For each that comes, if it is set. */
  each: ((event: Received) => void) | undefined

  private constructor(subscription: PersistentSubscriptionBase<ResolvedEvent>) {
    this.subscription = subscription
    this.over = new Promise((resolve) => {
      subscription.on('error', resolve)
      subscription.on('end', () => resolve('end'))
    })
    subscription.on('data', (resolved: ResolvedEvent) => {
      const event = resolved as Received
      this.received.push(event)
      this.each?.(event)
    })
  }

  /** Once it is confirmed; rejects with what it was refused with. */
  static async join(subscription: unknown): Promise<Consuming> {
    const consuming = new Consuming(subscription as PersistentSubscriptionBase<ResolvedEvent>)
    await once(consuming.subscription, 'confirmation')
    return consuming
  }

  /** One that acknowledges all it gets. */
  static async acknowledging(subscription: unknown): Promise<Consuming> {
    const consuming = new Consuming(subscription as PersistentSubscriptionBase<ResolvedEvent>)
    consuming.each = (event) => void consuming.ack(event)
    await once(consuming.subscription, 'confirmation')
    return consuming
  }

  /** The first so many, once they are there. */
  async first(count: number): Promise<Received[]> {
    await eventually(() => {
      if (this.received.length < count)
        throw new Error(`${this.received.length} of ${count} came: ${this.revisions.join()}`)
    })
    return this.received.slice(0, count)
  }

  /** The one that came at that place, once it is there. */
  async nth(place: number): Promise<Received> {
    return (await this.first(place + 1))[place]!
  }

  get revisions(): number[] {
    return this.received.map(revisionOf)
  }

  ack(...events: ResolvedEvent[]): Promise<void> {
    return this.subscription.ack(...events)
  }

  nack(action: PersistentAction, ...events: ResolvedEvent[]): Promise<void> {
    return this.subscription.nack(action, `because ${action}`, ...events)
  }

  async leave(): Promise<void> {
    await this.subscription.unsubscribe()
    await this.over
  }
}

export const revisionOf = ({ event }: ResolvedEvent): number => Number(event!.revision)
