/** The domain says no, with a stable kebab-case code. The door maps codes to HTTP; nothing here knows of HTTP. */
export class Refusal extends Error {
  override readonly name = 'Refusal'
  readonly code: string

  constructor(code: string, message: string) {
    super(message)
    this.code = code
  }
}
