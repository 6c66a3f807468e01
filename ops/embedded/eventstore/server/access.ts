import type { Heads } from '../streams/heads.ts'
import { isMetastream, originalOf } from '../streams/metadata.ts'
import type { Right } from '../streams/metadata.ts'
import type { Caller } from '../wire/call.ts'
import { accessDenied } from './users.ts'

export const ALL = '$all'
const ADMINS = '$admins'
/** As a role: everybody who got in. */
const EVERYBODY = '$all'

/**
 * What a stream's `$acl` lets a caller do. Where it says nothing, a stream is everybody's, and a system stream, such as `$all`, the
 * admins'. Of `$$stream`, reading and writing are what `$acl` of the stream calls reading and writing its metadata.
 */
export class Access {
  readonly #heads: Heads

  constructor(heads: Heads) {
    this.#heads = heads
  }

  /** Throws "access denied". */
  check(caller: Caller, stream: string, right: 'read' | 'write' | 'delete'): void {
    if (!this.may(caller, stream, right)) throw accessDenied(`${caller.name} may not ${right} the stream ${stream}`)
  }

  may(caller: Caller, stream: string, right: 'read' | 'write' | 'delete'): boolean {
    if (caller.groups.includes(ADMINS)) return true
    const meta = isMetastream(stream)
    const of = meta ? originalOf(stream) : stream
    const wanted: Right = !meta ? right : right === 'read' ? 'metaRead' : 'metaWrite'
    const roles = this.#heads.metadata(of).acl[wanted] ?? [of.startsWith('$') ? ADMINS : EVERYBODY]
    const held = [EVERYBODY, caller.name, ...caller.groups]
    return roles.some((role) => held.includes(role))
  }
}
