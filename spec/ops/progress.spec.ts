import { expect } from 'chai'
import { PassThrough } from 'node:stream'
import type { WriteStream } from 'node:tty'
import { createBoard, type Line } from '../../ops/platform/progress.ts'
import { eventually } from '../eventually.ts'

/** What is written to a terminal, or to a pipe. */
function output(isTTY: boolean) {
  const stream = Object.assign(new PassThrough(), { isTTY, columns: 120 })
  let text = ''
  stream.on('data', (chunk: Buffer) => (text += chunk.toString()))
  return { out: stream as unknown as WriteStream, written: () => text }
}

const building = (done: number, details = '52000 events/s, 3 s left'): Line => ({
  name: 'facilities 2',
  state: 'building',
  done,
  details,
})
const live = (name: string, details = ''): Line => ({ name, state: 'live', details })

describe('a board of what goes on', () => {
  it('is on a pipe a line for each, and again when it is in another state or a tenth further', () => {
    const { out, written } = output(false)
    const board = createBoard(out)
    const uploads = live('uploads 1', 'shown')
    board.show([building(0), uploads])
    board.show([building(0.09, '9 events/s'), uploads])
    board.show([building(0.1, '10 events/s'), uploads])
    board.show([{ ...building(1, ''), state: 'verifying' }, uploads])
    board.show([live('facilities 2'), uploads])
    board.show([live('facilities 2', 'shown'), live('uploads 1')])
    board.close()
    expect(written().split('\n')).to.deep.equal([
      'facilities 2: building 0 %, 52000 events/s, 3 s left',
      'uploads 1: live, shown',
      'facilities 2: building 10 %, 10 events/s',
      'facilities 2: verifying',
      'facilities 2: live',
      'facilities 2: live, shown',
      'uploads 1: live',
      '',
    ])
  })

  it('is on a terminal a bar for each that goes on, with what it says of itself, and nothing for the others', async () => {
    const { out, written } = output(true)
    const board = createBoard(out)
    try {
      board.show([building(0.25), { ...building(0.75, '7 events/s'), name: 'users 3' }, live('uploads 1', 'shown')])
      await eventually(() => {
        expect(written()).to.match(/facilities 2 building {2}=+-+ 25 % {2}52000 events\/s, 3 s left/)
        expect(written()).to.match(/users 3 {6}building {2}=+-+ 75 % {2}7 events\/s/)
      })
      board.show([{ ...building(1, ''), state: 'verifying' }, live('users 3', 'shown')])
      await eventually(() => {
        expect(written()).to.match(/facilities 2 verifying =+ 100 %/)
        expect(written()).to.match(/users 3 {6}live {6}=+ 100 % {2}shown/)
      })
      expect(written()).to.not.include('uploads')
    } finally {
      board.close()
    }
  })

  it('is gone from the terminal when it is closed, once and for all', () => {
    const { out, written } = output(true)
    const board = createBoard(out)
    board.show([building(0.5)])
    board.close()
    board.close()
    expect(written()).to.match(/\u001b\[0?J[^=]*$/)
    expect(written(), 'Ctrl-C would leave it so').to.not.include('\u001b[?7l')
  })

  it('says nothing where nothing goes on', () => {
    const { out, written } = output(true)
    const board = createBoard(out)
    board.show([live('uploads 1')])
    board.close()
    expect(written()).to.not.match(/uploads/)
  })
})
