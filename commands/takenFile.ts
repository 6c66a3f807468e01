import { basename } from 'node:path'
import type { IncomingMessage } from 'node:http'
import type { z } from 'zod'
import { Refusal } from '../domain/refusal.ts'
import type { Objects, Stored } from '../ops/platform/objects.ts'
import { errorsOf, line, Problem } from '../ops/platform/route.ts'
import { type Part, readForm } from './multipart.ts'

/** A file of a form whose bytes are in the store by now. */
export interface Taken extends Stored {
  object_key: string
  file_name: string
}

/** What was made of a form. */
export interface Made<Answer> {
  answer: Answer
  /** Where the bytes lie that the log names: those that were taken just now, or those of the first time. */
  object_key: string
}

/** Runs what appends the event that names the bytes: its outcome may stay unknown, and once it is there they stay, whatever comes after. */
export type Appending = <Result>(append: () => Promise<Result>) => Promise<Result>

/**
 * Takes the one file of a form into the store, and hands it to `make` with the form's fields. Its bytes go again when the fields are not as
 * expected, when `make` fails, or when what it made names others.
 * @param lists fields that may be given several times: as one then, separated by commas
 * @param take streams the bytes; never to the same key twice: a repeated request must not touch the bytes that were acknowledged
 */
export async function takenFile<Fields extends z.ZodType, File extends Taken, Answer>(
  { objects, maxBytes, lists = [] }: { objects: Objects; maxBytes: number; lists?: readonly string[] },
  { raw, stillLetIn, signal }: { raw: IncomingMessage; stillLetIn: () => Promise<void>; signal: AbortSignal },
  schema: Fields,
  take: (part: Part) => Promise<File>,
  make: (
    form: { fields: z.infer<Fields>; words: Record<string, string>; taken: File },
    appending: Appending,
  ) => Promise<Made<Answer>>,
): Promise<Answer> {
  const drop = ({ object_key }: Taken) => objects.remove(object_key)
  const { fields: words, taken } = await readForm(raw, { fileField: 'file', maxBytes, lists, signal }, take, drop)
  return keptIfNamed(drop, taken, async (appending) => {
    await stillLetIn()
    const parsed = schema.safeParse(words)
    if (!parsed.success)
      throw new Problem('invalid_request', 'The form is not as expected', { errors: errorsOf('body', parsed.error) })
    return make({ fields: parsed.data, words, taken }, appending)
  })
}

/** Drops what was taken when `make` fails, or names other bytes; but never once an event may name them. */
export async function keptIfNamed<File extends Taken, Answer>(
  drop: (taken: File) => Promise<void>,
  taken: File,
  make: (appending: Appending) => Promise<Made<Answer>>,
): Promise<Answer> {
  let mayBeNamed = false
  try {
    const made = await make(async (append) => {
      mayBeNamed = true
      try {
        return await append()
      } catch (error) {
        // An append that was not answered may be in the log all the same: then its bytes stay.
        mayBeNamed = !(error instanceof Problem || error instanceof Refusal)
        throw error
      }
    })
    if (made.object_key !== taken.object_key) await drop(taken)
    return made.answer
  } catch (error) {
    if (!mayBeNamed) await drop(taken)
    throw error
  }
}

/** Of a file without a byte. */
export const empty = () =>
  new Problem('invalid_request', 'The file is empty', { errors: [{ path: 'body.file', message: 'is empty' }] })

/** What a client calls its file, without the path; `otherwise` where that is no name. */
export const nameOf = ({ fileName }: Pick<Part, 'fileName'>, otherwise: string) =>
  line(255).safeParse(basename(fileName.replaceAll('\\', '/'))).data ?? otherwise
