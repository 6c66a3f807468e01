/** The domain says no, with a stable kebab-case code. The door maps codes to HTTP; nothing here knows of HTTP. */
export class Refusal extends Error {
  override readonly name = 'Refusal'
  readonly code: string

  constructor(code: string, message: string) {
    super(message)
    this.code = code
  }
}

/** Of whoever registers so late that the name was given up: see `workers/abandonedNames.ts`. */
export const abandoned = () =>
  new Refusal('registration-abandoned', 'This registration was given up; ask again as a new one')
