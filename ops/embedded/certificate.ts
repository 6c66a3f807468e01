import { existsSync, renameSync, writeFileSync } from 'node:fs'

const YEARS = 10

/** Makes a self-signed certificate for localhost and 127.0.0.1, and its key, unless both files are there. It vouches for no one else. */
export async function ensureCertificate(certificate: string, key: string): Promise<void> {
  if (existsSync(certificate) && existsSync(key)) return
  const { generate } = (await import('selfsigned')).default
  const made = await generate([{ name: 'commonName', value: 'xylolabs embedded event store' }], {
    keyType: 'ec',
    curve: 'P-256',
    algorithm: 'sha256',
    notAfterDate: new Date(Date.now() + YEARS * 365 * 24 * 3600 * 1000),
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      {
        name: 'subjectAltName',
        altNames: [
          { type: 2, value: 'localhost' },
          { type: 7, ip: '127.0.0.1' },
        ],
      },
    ],
  })
  for (const [file, text] of [
    [key, made.private],
    [certificate, made.cert],
  ] as const) {
    writeFileSync(`${file}.new`, text, { mode: 0o600 })
    renameSync(`${file}.new`, file)
  }
}
