import { randomUUID } from 'node:crypto'
import { expect } from 'chai'
import { Command } from 'commander'
import { PassThrough } from 'node:stream'
import type { WriteStream } from 'node:tty'
import { addProjectionCommands } from '../../ops/projections/commands.ts'
import { watch } from '../../ops/projections/watching.ts'
import { projections } from '../../projections/all.ts'
import { eventually } from '../eventually.ts'
import { type Ended, launch, runProcess } from '../process.ts'
import { louderFacilities } from './nextVersions.ts'
import { at, idOf, projectionsUnderTest } from './underTest.ts'

const tomorrow = ['--import', 'tsx', new URL('nextRelease.ts', import.meta.url).pathname]

describe('the commands for read models', function () {
  this.timeout(40_000)
  const tested = projectionsUnderTest()
  const { ask, caughtUp, group, old, rows, someFacility, stateOf, stopGroups, today, withNext } = tested
  const env = { DATA_DIR: tested.dataDir, LOG_LEVEL: 'fatal' }

  /** Attached to the servers of this spec, as to those of a running `up`. */
  const run = (...words: string[]) => runProcess(words.join(' ').split(' '), env)
  const runTomorrow = (...words: string[]) => runProcess(words.join(' ').split(' '), env, tomorrow)
  /** One line that a person understands, and nothing of our code. */
  function expectRefusal({ code, output }: Ended, sentence: string) {
    expect(output.trim()).to.equal(sentence)
    expect(code).to.equal(1)
  }
  const expectDone = ({ code, output }: Ended, pattern: RegExp | string) => {
    if (typeof pattern === 'string') expect(output.trim()).to.equal(pattern)
    else expect(output).to.match(pattern)
    expect(code, output).to.equal(0)
  }

  describe('before they begin', () => {
    const commands = ['list', 'show-error', 'diff', 'check', 'promote', 'rollback', 'pause', 'resume', 'skip', 'drop']
    let errors = ''
    const program = () => {
      const made = new Command().exitOverride().configureOutput({ writeErr: (text) => (errors += text) })
      addProjectionCommands(made, { withServers: (act) => act(tested.connections.config) })
      return made
    }
    const told = (...words: string[]) => {
      errors = ''
      const parsed = program().parseAsync(words.join(' ').split(' '), { from: 'user' })
      return parsed.then(
        () => 'done',
        (error: Error) => error.message,
      )
    }

    it('say what they do, and what each option is', () => {
      const made = program().commands
      expect(made.map((one) => one.name())).to.have.members(commands.map((name) => `projections:${name}`))
      for (const one of made) {
        const help = one.helpInformation()
        expect(help).to.include(`Usage:  ${one.name()} `)
        expect(one.description(), one.name()).to.match(/^[a-z].{20,}/)
        for (const option of one.options) expect(option.description, one.name()).to.not.equal('')
      }
    })

    it('refuse what is no number, and what is missing', async () => {
      const number = (what: string, given: string, of: string) =>
        `error: ${what} ${given} is invalid${of}. It has to be a whole number from`
      for (const [words, start] of [
        ['diff uploads --samples few', number("option '--samples <number>' argument", "'few'", '')],
        ['diff uploads --samples 1001', number("option '--samples <number>' argument", "'1001'", '')],
        ['diff uploads --with 0', number("option '--with <number>' argument", "'0'", '')],
        ['promote uploads --to 1.5', number("option '--to <number>' argument", "'1.5'", '')],
        ['drop uploads -1', number('command-argument value', "'-1'", " for argument 'version'")],
        ['drop uploads first', number('command-argument value', "'first'", " for argument 'version'")],
        ['drop uploads', "error: missing required argument 'version'"],
        ['skip uploads --position 5', "error: required option '--reason <text>' not specified"],
        ['promote', "error: missing required argument 'name'"],
      ] as const)
        expect((await told(`projections:${words}`)).startsWith(start), words).to.equal(true)
    })

    it('refuse a name that none has, and what is not there to be done', async () => {
      await today()
      for (const words of [
        ...['show-error nothing', 'diff nothing', 'promote nothing', 'rollback nothing', 'pause nothing'],
        ...['resume nothing', 'drop nothing 1', 'skip nothing --position 1 --reason none'],
      ])
        expect(await told(`projections:${words}`), words).to.equal('There is no read model nothing')
      for (const [words, sentence] of [
        ['diff uploads', 'There is no other version of uploads that is built'],
        ['promote uploads --to 7', 'Version 7 of uploads is unknown, not live'],
        ['rollback uploads', 'There is no earlier version of uploads that is still followed'],
        ['skip uploads --position x --reason none', 'No version of uploads is stopped at position x'],
        ['drop uploads 2', 'Version 2 of uploads is shown: let readers see another one first'],
        ['drop uploads 7', 'There is no version 7 of uploads'],
      ] as const)
        expect(await told(`projections:${words}`), words).to.equal(sentence)
      expect(await rows('select 1 from projections')).to.have.length(projections.length)
    })
  })

  describe('against a running system', () => {
    it('find a row that the log does not say', async () => {
      await today()
      group(projections)
      await caughtUp()
      const id = idOf('facility 3')
      expectDone(await run('projections:check'), new RegExp(`^0 drift in ${projections.length} read models$`, 'm'))
      await rows(`update facilities_v1 set timezone = 'Mars' where id = $1`, [id])
      try {
        const { code, output } = await run('projections:check')
        expect(output).to.include('facilities 1\n0 rows added, 0 removed, 1 changed\n  timezone: in 1 rows\n')
        expect(output).to.include(
          `${id} changed\n  timezone: "Mars" → "Asia/Seoul"\n1 drift in ${projections.length} read models`,
        )
        expect(code).to.equal(1)
      } finally {
        await rows(`update facilities_v1 set timezone = 'Asia/Seoul' where id = $1`, [id])
      }
    })

    it('watch a build until it is live, but none of a release that is not here', async () => {
      await today()
      await rows('create table facilities_v2 (like facilities_v1 including all)')
      await ask('facilities') // And nobody builds it yet.
      const watching = launch(['projections:list', '--watch'], env, tomorrow)
      const elsewhere = run('projections:list --watch')
      await eventually(() => expect(watching.output()).to.include('facilities 2: building 0 %\n'))
      const position = String((await tested.connections.store.head())! / 2n)
      const progress = JSON.stringify({ events: 500, per_second: 50, position, target: String(2n * BigInt(position)) })
      await rows(`update projections set progress = $1 where name = 'facilities' and version = 2`, [progress])
      const half = /^facilities 2: building (49|50) %, 50 events\/s, 10 s left$/m
      await eventually(() => expect(watching.output()).to.match(half))
      expectDone(await elsewhere, /^facilities 2: building, (.*, )?this release cannot fold it$/m)
      group(withNext(louderFacilities), { retired: old('facilities') })
      expectDone(await watching.ended, /^facilities 2: live, shown\nfacilities 1: live$/m)
    })

    it('do not watch for ever where nobody builds', async () => {
      await today()
      await rows(`update projections set state = 'building', position = null where name = 'facilities'`)
      const out = Object.assign(new PassThrough(), { isTTY: false }) as unknown as WriteStream
      const watching = watch(tested.connections.config, out, 50)
      expect(await watching.catch((error: Error) => error.message)).to.match(/^Nobody builds: no process runs/)
    })

    it('compare two versions, show either, and drop the one that is not shown', async () => {
      await today()
      await rows('create table facilities_v2 (like facilities_v1 including all)')
      group(withNext(louderFacilities), { retired: old('facilities'), promotes: 'manual' })
      await eventually(async () => expect((await stateOf('facilities', 2))?.state).to.equal('live'))
      const [compared, dropped] = await Promise.all([
        runTomorrow('projections:diff facilities --samples 1'),
        runTomorrow('projections:drop facilities 2'),
      ])
      expectDone(
        compared,
        /^facilities: version 1 is shown, version 2 would be\n0 rows added, 0 removed, \d+ changed\n {2}name: in \d+ rows\n/,
      )
      const sample = /\n([\da-f-]{36}) changed since FacilityRenamed 1@facility-\1\n {2}name: "(.*)" → "\2!"\n$/
      expect(compared.output).to.match(sample)
      expect(compared.output.match(/changed since/g)).to.have.length(1)
      expectRefusal(dropped, 'Version 2 of facilities is the one that this release wants to show')

      expectDone(await runTomorrow('projections:promote facilities'), 'facilities shows version 2')
      expect((await rows<{ name: string }>('select name from facilities limit 1'))[0]!.name).to.match(/!$/)
      expectDone(await runTomorrow('projections:rollback facilities'), 'facilities shows version 1')
      expect((await rows<{ name: string }>('select name from facilities limit 1'))[0]!.name).to.not.match(/!$/)
      expectDone(await runTomorrow('projections:promote facilities --to 2'), 'facilities shows version 2')
      await rows('create table spare (like facilities_v1 including all)')
      const gone = 'version 1 of facilities is gone; its fold can go from projections/retired/'
      expectDone(await runTomorrow('projections:drop facilities 1'), gone)
      expect(await rows(`select to_regclass('facilities_v1') as left`)).to.deep.equal([{ left: null }])
      await someFacility()
      await caughtUp()
      expect((await stateOf('facilities', 2))!.state).to.equal('live')
      await stopGroups()
      await rows('alter table spare rename to facilities_v1') // The release of today builds it again.
    })

    it('show what is stopped and why, try it again, and pass over the event', async () => {
      await today()
      group(projections)
      const facility = await someFacility()
      const metadata = { schema: 99, actor: { kind: 'system', id: 'spec' } }
      const event = { id: randomUUID(), type: 'FacilityRenamed', data: { name: 'n', renamed_at: at }, metadata }
      const poison = await tested.connections.store.append(`facility-${facility}`, [event], 1)
      await eventually(async () => expect((await stateOf('facilities', 1))!.state).to.equal('stopped'))
      const skip = (position: bigint | number) =>
        run(`projections:skip facilities --position ${position} --reason tomorrow's`)

      const [listed, watched, error, checked, early] = await Promise.all([
        ...[run('projections:list'), run('projections:list --watch'), run('projections:show-error facilities')],
        ...[run('projections:check'), skip(1)],
      ])
      expectDone(listed!, /│ facilities +│ 1 +│ yes +│ stopped │ 1 events +│ +│ +│ FacilityRenamed has schema 99; this/)
      expect(listed!.output).to.match(/│ uploads +│ 2 +│ yes +│ live +│ +│ +│ +│ +│/)
      expectDone(watched!, /^facilities 1: stopped, shown, FacilityRenamed has schema 99; this version knows 1$/m)
      expect(watched!.output.trim().split('\n')).to.have.length(projections.length)
      expectDone(error!, /^facilities 1: \{\n/)
      expect(JSON.parse(error!.output.slice('facilities 1: '.length))).to.deep.equal({
        stream: `facility-${facility}`,
        revision: 2,
        position: String(poison.position),
        type: 'FacilityRenamed',
        message: 'FacilityRenamed has schema 99; this version knows 1',
      })
      expect(checked!.output).to.include(
        `facilities 1 is stopped: it was not compared\n0 drift in ${projections.length - 1} read models`,
      )
      expect(checked!.code).to.equal(1)
      expectRefusal(early!, 'No version of facilities is stopped at position 1')

      const stopped = (
        await rows<{ updated_at: string }>(`select updated_at from projections where name = 'facilities'`)
      )[0]!
      expectDone(await run('projections:resume facilities'), 'facilities is tried again')
      await eventually(async () => {
        const [tried] = await rows<{ state: string; updated_at: string }>(
          `select state, updated_at from projections where name = 'facilities'`,
        )
        expect(tried!.updated_at).to.not.equal(stopped.updated_at)
        expect(tried!.state).to.equal('stopped')
      })
      expectDone(await skip(poison.position), `facilities passes over the event at position ${poison.position}`)
      await eventually(async () => expect((await stateOf('facilities', 1))!.state).to.equal('live'))
      const skipped = (await tested.connections.store.read('projection-facilities')).at(-1)
      expect(skipped!.data).to.include({ position: String(poison.position), reason: "tomorrow's" })
      expect(skipped!.metadata['actor']).to.deep.equal({ kind: 'system', id: 'operator' })
    })
  })
})
