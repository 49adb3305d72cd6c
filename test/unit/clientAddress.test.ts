import { describe, expect, it } from 'vitest'
import { clientOf } from '../../src/api/http/clientAddress.ts'

describe('a client', () => {
  it.each([
    ['203.0.113.7', '203.0.113.7'],
    ['::ffff:203.0.113.7', '203.0.113.7'],
    ['::ffff:cb00:7107', '203.0.113.7'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:DB8:1:2:ffff::1', '2001:db8:1:2::/64'],
    ['2001:db8:1:3::1', '2001:db8:1:3::/64'],
    ['::1', '::/64'],
    ['fe80::1%eth0', 'fe80::/64'],
    [undefined, 'unknown'],
  ])('at %s is %s', (remote, client) => {
    expect(clientOf(remote, undefined, 0)).toBe(client)
    expect(clientOf(remote, undefined, 2)).toBe(client)
  })
})

describe('X-Forwarded-For', () => {
  const proxy = '10.0.0.1'

  it('means nothing where no proxy is trusted', () => {
    expect(clientOf(proxy, '203.0.113.7', 0)).toBe(proxy)
  })

  it.each([
    [1, '203.0.113.7', '203.0.113.7'],
    [1, '198.51.100.1, 203.0.113.7', '203.0.113.7'],
    [2, '198.51.100.1, 203.0.113.7, 10.0.0.2', '203.0.113.7'],
    [2, '203.0.113.7', '203.0.113.7'],
    [1, '198.51.100.1,2001:db8::7', '2001:db8::/64'],
    [1, '203.0.113.7:51234', '203.0.113.7'],
    [1, '[2001:db8::7]:51234', '2001:db8::/64'],
    [1, '[2001:db8::7]', '2001:db8::/64'],
    [1, '::ffff:203.0.113.7', '203.0.113.7'],
  ])('is believed for %i hops: %s is %s', (hops, header, client) => {
    expect(clientOf(proxy, header, hops)).toBe(client)
  })

  it.each([
    ...['', ' ', ',', ',,,,', 'unknown', '_hidden', 'localhost', '300.1.1.1', '1.2.3', '01.2.3.4', '1.2.3.4.5:80'],
    ...['::g', '[::1', '[]', '[[::1]]', ':80', '1.2.3.4:', '%00', '\u{0}', '__proto__'],
    ...['203.0.113.7, garbage', "203.0.113.7, '; DROP TABLE relay.claim"],
  ])('that no proxy of ours wrote is the proxy’s own: %j', (header) => {
    expect(clientOf(proxy, header, 1)).toBe(proxy)
  })

  it.each(['x', '[', ',', '1.', ':'])('of 16 kB of %j is the proxy’s own', (piece) => {
    expect(clientOf(proxy, piece.repeat(16_000 / piece.length), 16)).toBe(proxy)
  })

  it('is believed as far as it can be read', () => {
    expect(clientOf(proxy, '203.0.113.7, garbage, 10.0.0.2', 3)).toBe('10.0.0.2')
  })

  it('gives a client who forges it no second name', () => {
    const forged = Array.from({ length: 100 }, (_, index) => clientOf(proxy, `198.51.100.${index}, 203.0.113.7`, 1))
    expect(new Set(forged)).toEqual(new Set(['203.0.113.7']))
  })
})
