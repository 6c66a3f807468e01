import {
  AckPolicy,
  connect,
  DiscardPolicy,
  type Msg,
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
  /** Done with it for good; should that be lost, it comes again, and whoever gets it finds nothing left to do. */
  ack(): void
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
/** How long to wait for a job before asking again. */
const pullMs = 5000
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
      throw error
    }
  }

  /** One request and one answer: cheaper than an iterator for every job. */
  async function pull(kind: string): Promise<Delivery | undefined> {
    const subject = `$JS.API.CONSUMER.MSG.NEXT.${stream}.${durable(kind)}`
    const asked = JSON.stringify({ batch: 1, expires: nanos(pullMs) })
    // The server says when it has nothing; it is only waited for a little longer. Jobs come under their own subject: `noMux`.
    const message = await connection.request(subject, asked, { noMux: true, timeout: pullMs + 2000 })
    const status = message.headers?.code ?? 0
    if (status === 404 || status === 408) return undefined
    if (status !== 0) throw new Error(`JetStream gives out no jobs: ${status} ${message.headers!.description}`)
    return delivery(message)
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
        const pulled = pull(kind)
        const aborted = new Promise<'aborted'>((resolve) => {
          const onAbort = () => resolve('aborted')
          if (signal.aborted) return onAbort()
          signal.addEventListener('abort', onAbort, { once: true })
          const settled = () => signal.removeEventListener('abort', onAbort)
          pulled.then(settled, settled)
        })
        const first = await Promise.race([pulled, aborted])
        if (first !== 'aborted') return first
        // What still comes is for another.
        pulled.then(
          (late) => late?.again(0),
          () => undefined,
        )
        return undefined
      }),
    tell: (subject, body) => connection.publish(subject, JSON.stringify(body)),
    close: async () => {
      if (!connection.isClosed()) await connection.drain().catch(() => connection.close())
    },
  }
}

const delivery = (message: Msg): Delivery => ({
  subject: message.subject,
  working: () => void message.respond('+WPI'),
  ack: () => void message.respond('+ACK'),
  again: (delayMs) => void message.respond(`-NAK ${JSON.stringify({ delay: nanos(delayMs) })}`),
})
