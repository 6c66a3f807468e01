import {
  AckPolicy,
  connect,
  type Consumer,
  type ConsumerMessages,
  DiscardPolicy,
  type JsMsg,
  type JetStreamClient,
  type JetStreamManager,
  nanos,
  type NatsConnection,
  type NatsError,
  RetentionPolicy,
  StorageType,
} from 'nats'

/** A job waiting in JetStream. The log is the truth; this is a hint that somebody should look. */
export interface Delivery {
  subject: string
  /** Still at it: puts off the redelivery. */
  working(): void
  /** Done with it for good. */
  ack(): Promise<void>
  /** Hand it to another after this long. */
  again(delayMs: number): void
}

export interface Bus {
  /** Puts a message under its subject unless one is waiting there already. Throws when JetStream is away. */
  publish(subject: string, id: string): Promise<void>
  /** The subjects below `jobs.<kind>.` that have a message waiting or in hand. */
  waiting(kind: string): Promise<Set<string>>
  /** The next message of a kind; undefined when none came for a while. */
  next(kind: string, signal: AbortSignal): Promise<Delivery | undefined>
  /** Fire and forget, for progress. */
  tell(subject: string, body: object): void
  connection: NatsConnection
  close(): Promise<void>
}

const stream = 'jobs'
/** JetStream's code for a message whose subject has one waiting already. */
const subjectIsTaken = 10077
/** A job in hand is delivered again when nobody said `working` for this long. */
export const ackWaitMs = 10_000
const durable = (kind: string) => `${kind}-workers`

export async function connectBus(options: { url: string; onStatus?: (status: string) => void }): Promise<Bus> {
  const { protocol, host, username, password } = new URL(options.url)
  const credentials = password
    ? { user: decodeURIComponent(username), pass: decodeURIComponent(password) }
    : username
      ? { token: decodeURIComponent(username) }
      : {}
  const connection = await connect({
    servers: `${protocol}//${host}`,
    ...credentials,
    maxReconnectAttempts: -1,
    reconnectTimeWait: 250,
    waitOnFirstConnect: true,
    name: 'xylolabs-api',
  })
  void (async () => {
    for await (const { type } of connection.status()) options.onStatus?.(type)
  })()
  const jetstream: JetStreamClient = connection.jetstream({ timeout: 3000 })
  const manager: JetStreamManager = await connection.jetstreamManager({ timeout: 3000, checkAPI: false })
  const ready = new Set<string>()
  const consumers = new Map<string, Promise<Consumer>>()

  /** A wiped JetStream has neither stream nor consumer: both are made again on first use after a failure. */
  async function ensure(kind: string) {
    if (ready.has(kind)) return
    await manager.streams.add({
      name: stream,
      subjects: ['jobs.>'],
      retention: RetentionPolicy.Workqueue,
      storage: StorageType.File,
      max_msgs_per_subject: 1,
      discard_new_per_subject: true,
      discard: DiscardPolicy.New,
      duplicate_window: nanos(10_000),
    })
    await manager.consumers.add(stream, {
      durable_name: durable(kind),
      filter_subject: `jobs.${kind}.>`,
      ack_policy: AckPolicy.Explicit,
      ack_wait: nanos(ackWaitMs),
      max_deliver: -1,
      max_ack_pending: 10_000,
    })
    ready.add(kind)
  }

  async function attempt<T>(kind: string, run: () => Promise<T>): Promise<T> {
    await ensure(kind)
    try {
      return await run()
    } catch (error) {
      ready.delete(kind)
      consumers.delete(kind)
      throw error
    }
  }

  /** Looked up once, not for every job. */
  function consumerOf(kind: string): Promise<Consumer> {
    const known = consumers.get(kind) ?? jetstream.consumers.get(stream, durable(kind))
    consumers.set(kind, known)
    return known
  }

  return {
    connection,
    publish: (subject, id) =>
      attempt(subject.split('.')[1]!, async () => {
        await jetstream.publish(subject, '', { msgID: id }).catch((error: NatsError) => {
          if (error.api_error?.err_code !== subjectIsTaken) throw error
        })
      }),
    waiting: (kind) =>
      attempt(kind, async () => {
        const info = await manager.streams.info(stream, { subjects_filter: `jobs.${kind}.>` })
        return new Set(Object.keys(info.state.subjects ?? {}))
      }),
    next: (kind, signal) =>
      attempt(kind, async () => {
        const consumer = await consumerOf(kind)
        const messages: ConsumerMessages = await consumer.fetch({ max_messages: 1, expires: 5000 })
        const stop = () => messages.stop()
        signal.addEventListener('abort', stop, { once: true })
        try {
          for await (const message of messages) return delivery(message)
          // Nothing to do, or a consumer that is there no more.
          consumers.delete(kind)
          return undefined
        } finally {
          signal.removeEventListener('abort', stop)
        }
      }),
    tell: (subject, body) => connection.publish(subject, JSON.stringify(body)),
    close: async () => {
      if (!connection.isClosed()) await connection.drain().catch(() => connection.close())
    },
  }
}

const delivery = (message: JsMsg): Delivery => ({
  subject: message.subject,
  working: () => message.working(),
  ack: async () => void (await message.ackAck()),
  again: (delayMs) => message.nak(delayMs),
})
