import { InvalidArgumentError } from 'commander'

/** A number above 0, for an option; `200_000` and `200k` are understood too. */
export function wholeNumber(text: string): number {
  const [, digits = '', scale = ''] = /^([\d_]+)([kM]?)$/.exec(text) ?? []
  const value = Number(digits.replaceAll('_', '')) * (scale === 'M' ? 1_000_000 : scale === 'k' ? 1000 : 1)
  if (!(value > 0)) throw new InvalidArgumentError('It is not a whole number above 0.')
  return value
}

export const wholeNumbers = (text: string): number[] => text.split(',').map(wholeNumber)
