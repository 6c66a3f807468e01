/** What Postgres says of an error, as far as is looked at here. */
interface PostgresError extends Error {
  code: string
  where?: string
  column?: string
}

const codeOf = (error: unknown) => (error as Partial<PostgresError> | undefined)?.code ?? ''

/** Class 22, data exceptions, 23, integrity, and 54, what is too large: the same rows would be refused again. */
export const isFaultOfData = (error: unknown): error is PostgresError => /^(?:22|23|54)...$/.test(codeOf(error))

/** A row that Postgres would refuse; said before it is sent. */
export const faultOfData = (message: string) => Object.assign(new Error(message), { code: '22000' })

/** What went wrong, without the values that Postgres quotes: they may be personal, and this is kept and shown. */
export function wordsOf(error: Error): string {
  if (!/^[0-9A-Z]{5}$/.test(codeOf(error))) return error.message
  const { message, where = '', column } = error as PostgresError
  const place = [/line \d+/.exec(where)?.[0], column ? `column ${column}` : /column \w+/.exec(where)?.[0]]
  const known = place.filter((part) => part !== undefined)
  const said = message.replace(/: ".*$/s, '')
  return known.length > 0 ? `${said} (${known.join(', ')})` : said
}
