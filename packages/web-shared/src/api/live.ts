/** What one event of the stream says: that something is to be read anew, or how far a job is. */
export interface LiveEvent {
  /** `message` where none is named. */
  event: string
  id: string | undefined
  data: string
}

/** Reads server-sent events out of what comes, however it is cut into pieces. */
export function eventReader(on: (event: LiveEvent) => void): (piece: string) => void {
  let rest = ''
  let [event, id, data]: [string, string | undefined, string[]] = ['message', undefined, []]
  function line(text: string) {
    if (text === '') {
      if (data.length > 0) on({ event, id, data: data.join('\n') })
      ;[event, data] = ['message', []]
      return
    }
    const [, field = '', value = ''] = /^([^:]*)(?:: ?(.*))?$/.exec(text) ?? []
    if (field === 'event') event = value
    if (field === 'id') id = value
    if (field === 'data') data.push(value)
  }
  return (piece) => {
    rest += piece
    // A \r at the end may be half of a \r\n.
    const lines = rest.split(/\r\n|\n|\r(?!$)/)
    rest = lines.pop()!
    lines.forEach(line)
  }
}

export type LiveState = 'connecting' | 'live'

export interface LiveDeps {
  send: (request: Request) => Promise<Response>
  url: string
  on: (event: LiveEvent) => void
  /** Something may have been missed: all that is shown is to be read anew. */
  onReset: () => void
  onState: (state: LiveState) => void
  wait: (ms: number, signal: AbortSignal) => Promise<void>
  /** Does something after so long, unless it is called off. */
  after: (ms: number, act: () => void) => () => void
  signal: AbortSignal
}

const [firstWaitMs, longestWaitMs] = [500, 30_000]
/** The server beats every 15 s: who hears nothing for so long hears nothing any more, whatever the line says. */
const silentMs = 45_000

/** Follows the stream until the signal, from where it was when the connection broke or fell silent. */
export async function followLive(deps: LiveDeps): Promise<void> {
  const { send, url, on, onReset, onState, wait, after, signal } = deps
  let lastId: string | undefined
  let pause = firstWaitMs
  let wasLive = false
  while (!signal.aborted) {
    onState('connecting')
    const silence = new AbortController()
    const waiting = () => after(silentMs, () => silence.abort())
    let callOff = waiting()
    try {
      const asked = lastId
      const headers = { Accept: 'text/event-stream', ...(asked !== undefined && { 'Last-Event-ID': asked }) }
      const response = await send(new Request(url, { headers, signal: AbortSignal.any([signal, silence.signal]) }))
      if (response.ok && response.body) {
        onState('live')
        // Without an id nobody can say what happened meanwhile.
        if (wasLive && asked === undefined) onReset()
        wasLive = true
        const read = eventReader((event) => {
          pause = firstWaitMs
          lastId = event.id ?? lastId
          // Nor what happened between the first reads and this.
          if (event.event === 'reset' || (event.event === 'ready' && asked === undefined)) onReset()
          else on(event)
        })
        const decoder = new TextDecoder()
        const reader = response.body.getReader()
        for (let next = await reader.read(); !next.done; next = await reader.read()) {
          callOff()
          callOff = waiting()
          read(decoder.decode(next.value, { stream: true }))
        }
      }
    } catch {
      // Away, or the session has ended: whoever shows the session says so.
    }
    callOff()
    await wait(pause, signal).catch(() => undefined)
    pause = Math.min(pause * 2, longestWaitMs)
  }
}
