/** What the API answers where it does not do what was asked: RFC 9457, with a stable code. */
export interface Problem {
  title: string
  status: number
  code: string
  detail: string
  errors?: { path: string; message: string }[]
  request_id?: string
}

export class ApiError extends Error {
  override readonly name = 'ApiError'
  readonly status: number
  readonly code: string
  /** By field, for forms: `name` of `body.name`. */
  readonly fields: Readonly<Record<string, string>>
  readonly requestId: string | undefined
  readonly retryAfterSecs: number | undefined

  constructor(problem: Problem, retryAfterSecs?: number) {
    super(problem.detail)
    this.status = problem.status
    this.code = problem.code
    this.fields = Object.fromEntries(
      (problem.errors ?? []).map(({ path, message }) => [path.replace(/^(?:body|query)\./, ''), message]),
    )
    this.requestId = problem.request_id
    this.retryAfterSecs = retryAfterSecs
  }
}

/** Of an answer that is no success, whatever it holds: a proxy on the way may have written it. */
export async function errorOf(response: Response): Promise<ApiError> {
  const after = Number(response.headers.get('Retry-After'))
  const known = (await response
    .clone()
    .json()
    .catch(() => undefined)) as Problem | undefined
  const unknown = {
    ...{ title: response.statusText, status: response.status, code: 'unreadable' },
    detail: `The server answered ${response.status} ${response.statusText}`.trim(),
  }
  return new ApiError(known?.code ? known : unknown, after > 0 ? after : undefined)
}

/** Worth asking again by itself: the platform is away or behind, or the network is. */
export const isPassing = (error: unknown) =>
  error instanceof ApiError ? error.status === 429 || error.status >= 502 : error instanceof TypeError

/** In words for whoever is looking at it. */
export function wordsOf(error: unknown): string {
  if (error instanceof ApiError) {
    const fields = Object.entries(error.fields).map(([field, message]) => `${field}: ${message}`)
    return [error.message, ...fields].join('. ')
  }
  return error instanceof TypeError ? 'The server cannot be reached' : String((error as Error).message ?? error)
}
