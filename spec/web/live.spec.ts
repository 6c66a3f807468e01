import { expect } from 'chai'
import fc from 'fast-check'
import { eventReader, followLive, type LiveEvent, type LiveState } from '../../packages/web-shared/src/api/live.ts'

const told = [
  { event: 'ready', id: '7', data: '{"position":"7"}' },
  { event: 'change', id: '8', data: '{"resource":"device"}' },
  { event: 'message', id: '8', data: 'two\nlines: é' },
]
const text = [
  ': still here\r\n\r\n',
  'id: 7\r\nevent: ready\r\nretry: 1000\r\ndata: {"position":"7"}\r\n\r\n',
  'id: 8\nevent: change\ndata: {"resource":"device"}\n\n',
  'data: two\ndata:lines: é\n\n',
].join('')

describe('what the server tells as it happens', () => {
  it('is the same, however it is cut into pieces', () =>
    fc.assert(
      fc.property(fc.uniqueArray(fc.nat(text.length)), (cuts) => {
        const heard: LiveEvent[] = []
        const read = eventReader((event) => heard.push(event))
        const places = [0, ...cuts.sort((a, b) => a - b), text.length]
        places.slice(1).forEach((end, i) => read(text.slice(places[i], end)))
        expect(heard).to.deep.equal(told)
      }),
    ))

  /** Follows a server that answers so, one time after the other, until it has no answer left. */
  async function follow(answers: (Response | 'away' | 'silent')[]) {
    const stop = new AbortController()
    const [asked, heard, states, waits]: [(string | null)[], string[], LiveState[], number[]] = [[], [], [], []]
    const timers: { ms: number; act: () => void; isOff: boolean }[] = []
    let resets = 0
    await followLive({
      url: 'http://localhost/api/v1/live',
      send: (request) => {
        asked.push(request.headers.get('Last-Event-ID'))
        const answer = answers.shift()!
        if (answer === 'silent') {
          const body = new ReadableStream<Uint8Array>({
            start: (stream) => {
              stream.enqueue(new TextEncoder().encode('id: 4\ndata: beat\n\n'))
              request.signal.addEventListener('abort', () => stream.error(request.signal.reason))
              // Once what has come was read.
              setImmediate(() => timers.filter(({ isOff }) => !isOff).forEach(({ act }) => act()))
            },
          })
          return Promise.resolve(new Response(body))
        }
        return answer === 'away' ? Promise.reject(new TypeError('away')) : Promise.resolve(answer)
      },
      on: ({ data }) => heard.push(data),
      onReset: () => resets++,
      onState: (state) => states.push(state),
      wait: (ms) => {
        waits.push(ms)
        if (answers.length === 0) stop.abort()
        return Promise.resolve()
      },
      after: (ms, act) => {
        const timer = { ms, act, isOff: false }
        timers.push(timer)
        return () => void (timer.isOff = true)
      },
      signal: stop.signal,
    })
    return { asked, heard, states, waits, resets, timers }
  }

  it('goes on after the last that was heard when the line breaks, and takes its time while nobody answers', async () => {
    const { asked, heard, waits, resets } = await follow([
      new Response('id: 5\ndata: a\n\n'),
      'away',
      new Response(null, { status: 503 }),
      new Response('id: 6\ndata: b\n\n'),
    ])
    expect(asked).to.deep.equal([null, '5', '5', '5'])
    expect(heard).to.deep.equal(['a', 'b'])
    expect(waits).to.deep.equal([500, 1000, 2000, 500])
    expect(resets).to.equal(0)
  })

  it('has everything read anew where something may have been missed', async () => {
    expect((await follow([new Response('event: reset\ndata: {}\n\n')])).resets).to.equal(1)
    expect((await follow([new Response(': nothing\n\n'), new Response(': nothing\n\n')])).resets).to.equal(1)
  })

  it('has everything read anew when it first hears, and not when it goes on', async () => {
    const ready = (id: string) => new Response(`id: ${id}\nevent: ready\ndata: {}\n\n`)
    const { resets, asked } = await follow([ready('5'), ready('6')])
    expect(asked).to.deep.equal([null, '5'])
    expect(resets).to.equal(1)
  })

  it('gives a line up that not even a beat has come over for 45 s, and goes on over another', async () => {
    const { asked, heard, states, timers } = await follow(['silent', new Response('id: 5\ndata: a\n\n')])
    expect(asked).to.deep.equal([null, '4'])
    expect(heard).to.deep.equal(['beat', 'a'])
    expect(states).to.deep.equal(['connecting', 'live', 'connecting', 'live'])
    expect(new Set(timers.map(({ ms }) => ms))).to.deep.equal(new Set([45_000]))
    expect(timers.map(({ isOff }) => isOff)).to.deep.equal(timers.map(() => true))
  })
})
