const semantic = /^v?(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(?:-([0-9A-Za-z.-]+))?(?:\+[0-9A-Za-z.-]+)?$/

/** Longer numbers are larger. */
const counted = (digits: string) => String(digits.length).padStart(3, '0') + digits

/**
 * A text that sorts, character by character, as semantic versions precede each other, whatever was built of them: for who has many to compare.
 * Null for what is none: devices say what they like.
 */
export function precedenceOf(version: string): string | null {
  const [, major, minor, patch, before] = semantic.exec(version) ?? []
  if (major === undefined || minor === undefined || patch === undefined) return null
  const release = [major, minor, patch].map(counted).join('')
  if (before === undefined) return `${release}~`
  // Numbers come before words, and fewer before more: a space is before all that a word may hold.
  const steps = before.split('.').map((step) => (/^\d+$/.test(step) ? `0${counted(step)}` : `1${step}`))
  return `${release} ${steps.join(' ')}`
}
