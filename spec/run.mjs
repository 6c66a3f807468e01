import { spawn } from 'node:child_process'

// All specs in two processes at once: they wait more than they work. The first half is told as it runs, the second when it is over.
const closing = /(\d+) passed, (\d+) failed(?:, (\d+) skipped)?\s*$/
const failing = /^.*\d+ failing[^]*(?=\n\d+ passed, )/m

/** What one half printed, and what its last line says: null where it died before it could. */
function run(half, show) {
  const child = spawn('npx', ['mocha'], {
    env: { ...process.env, SPEC_HALF: half },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let text = ''
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (piece) => {
      text += piece
      if (show) process.stdout.write(piece)
    })
  return new Promise((resolve) =>
    child.on('close', (code) =>
      resolve({
        text,
        code,
        counts: closing
          .exec(text)
          ?.slice(1)
          .map((n) => Number(n ?? 0)),
      }),
    ),
  )
}

const first = run('system', true)
const second = run('rest', false)
const ends = [await first, await second]
process.stdout.write(ends[1].text)
const [passed, failed, skipped] = [0, 1, 2].map((i) => ends.reduce((sum, { counts }) => sum + (counts?.[i] ?? 0), 0))
// What failed is told again at the end: the lines before it may be thousands, and not all be kept.
for (const { text } of ends) process.stdout.write(failing.exec(text)?.[0] ?? '')
const died = ends.filter(({ counts }) => !counts).length
console.log(`\n${passed} passed, ${failed + died} failed${skipped ? `, ${skipped} skipped` : ''}`)
process.exit(ends.some(({ code }) => code !== 0) || died > 0 ? 1 : 0)
