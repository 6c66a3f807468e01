import { connect } from 'node:net'
import { expect } from 'chai'
import { AddressRefused, guardedLookup, isRefused, resolvesWell, serverUrl } from '../../ops/platform/serverAddress.ts'

describe('the address of a server', () => {
  for (const [given, kept] of [
    ['http://127.0.0.1:8000', 'http://127.0.0.1:8000'],
    ['http://localhost:8000/', 'http://localhost:8000'],
    ['HTTPS://GPU-1.Plant.Example/triton//', 'https://gpu-1.plant.example/triton'],
    ['http://10.0.0.9:8000', 'http://10.0.0.9:8000'],
    ['http://192.168.1.2', 'http://192.168.1.2'],
    ['http://[::1]:8000', 'http://[::1]:8000'],
    ['http://[fd12:3456::9]:8000', 'http://[fd12:3456::9]:8000'],
    ['http://[::ffff:10.0.0.9]', 'http://[::ffff:a00:9]'],
    ['http://203.0.113.9', 'http://203.0.113.9'],
  ] as const)
    it(`may be ${given}`, () => expect(serverUrl(given)).to.equal(kept))

  for (const refused of [
    'ftp://10.0.0.9',
    'file:///etc/passwd',
    'javascript:alert(1)',
    'gopher://10.0.0.9',
    '10.0.0.9:8000',
    '//10.0.0.9',
    'http://',
    'http://user@10.0.0.9',
    'http://user:secret@10.0.0.9',
    'http://10.0.0.9/?a=1',
    'http://10.0.0.9/#a',
    `http://10.0.0.9/${'x'.repeat(2000)}`,
    // Link-local, in all spellings.
    'http://169.254.169.254',
    'http://169.254.169.254./',
    'http://169.254.0.1:8000',
    'http://2852039166/',
    'http://0xA9FEA9FE/',
    'http://0251.0376.0251.0376/',
    'http://169.254.43518/',
    'http://[fe80::1]',
    'http://[::ffff:169.254.169.254]',
    'http://[::ffff:a9fe:a9fe]',
    'http://[::169.254.169.254]',
    'http://[64:ff9b::169.254.169.254]',
    'http://[2002:a9fe:a9fe::1]',
    // Metadata that is not link-local.
    'http://[fd00:ec2::254]',
    'http://[fd20:ce::254]',
    'http://100.100.100.200',
    'http://192.0.0.192',
    'http://168.63.129.16',
    // Unspecified, multicast, broadcast.
    'http://0.0.0.0:8000',
    'http://0/',
    'http://[::]:8000',
    'http://[::ffff:0.0.0.0]',
    'http://224.0.0.1',
    'http://255.255.255.255',
    'http://[ff02::1]',
  ])
    it(`is never ${refused.slice(0, 60)}`, () => expect(() => serverUrl(refused)).to.throw(AddressRefused))

  it('is judged without the zone that it may have', () => {
    expect(isRefused('fe80::1%eth0')).to.equal(true)
    expect(isRefused('fd12::1%eth0')).to.equal(false)
  })

  // The resolver of the system reads this as 169.254.169.254, and no URL would leave it so.
  const disguised = '169.254.43518'

  it('is judged by what its name leads to when it is connected to', async () => {
    const error = await new Promise<Error>((resolve) => {
      connect({ host: disguised, port: 9, lookup: guardedLookup as never }).on('error', resolve)
    })
    expect(error).to.be.instanceOf(AddressRefused)
    const local = await new Promise((resolve) => guardedLookup('localhost', {}, (...told) => resolve(told)))
    expect(local).to.deep.equal([null, ...(await family())])
  })

  it('is judged by what its name leads to when it is registered; what nobody knows yet may pass', async () => {
    await resolvesWell('http://localhost:8000')
    await resolvesWell('http://10.0.0.9')
    await resolvesWell('http://no-such-host.invalid')
  })
})

async function family(): Promise<[string, number]> {
  const { promises } = await import('node:dns')
  const { address, family } = await promises.lookup('localhost', { all: false })
  return [address, family]
}
