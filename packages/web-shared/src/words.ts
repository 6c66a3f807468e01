const numbers = new Intl.NumberFormat()
export const count = (value: number) => numbers.format(value)

const sizes = ['B', 'KiB', 'MiB', 'GiB', 'TiB']
export function bytes(value: number): string {
  const power = value < 1 ? 0 : Math.min(sizes.length - 1, Math.floor(Math.log2(value) / 10))
  const shown = value / 1024 ** power
  return `${power === 0 || shown >= 100 ? Math.round(shown) : shown.toFixed(1)} ${sizes[power]}`
}

/** `1:02:03`, `2:03`, `0:03`. */
export function duration(ms: number): string {
  const secs = Math.round(ms / 1000)
  const parts = [Math.floor(secs / 3600), Math.floor((secs % 3600) / 60), secs % 60]
  const [hours, minutes, seconds] = parts.map(String) as [string, string, string]
  return parts[0] === 0
    ? `${minutes}:${seconds.padStart(2, '0')}`
    : `${hours}:${minutes.padStart(2, '0')}:${seconds.padStart(2, '0')}`
}

/** `must_change_password`, `FirmwareReleasePublished` → words. */
export function spaced(name: string): string {
  const words = name
    .replaceAll('_', ' ')
    .replaceAll(/(?<=[a-z])(?=[A-Z])/g, ' ')
    .toLowerCase()
  return words.charAt(0).toUpperCase() + words.slice(1)
}

export const roles = { super_admin: 'Super admin', facility_admin: 'Facility admin', user: 'User' } as const

/** `2:03.4`: a place in a recording, to the tenth of a second. */
export function tenths(secs: number): string {
  const all = Math.round(10 * secs)
  return `${duration(1000 * Math.floor(all / 10))}.${all % 10}`
}
