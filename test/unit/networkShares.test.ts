import { expect, it } from 'vitest'
import { createNetworkShares, sharesOf } from '../../src/api/http/networkShares.ts'

it('one client gets a tenth, and the clients of an IPv6 /48 a quarter', () => {
  expect(sharesOf(300)).toEqual({ perClient: 30, perNetwork: 75 })
  expect(sharesOf(1)).toEqual({ perClient: 1, perNetwork: 1 })
})

it('clients of one /48 share its limit, and others do not', () => {
  const shares = createNetworkShares({ perClient: 2, perNetwork: 3 })
  const clients = ['2001:db8:1:1::/64', '2001:db8:1:2::/64', '2001:db8:1:3::/64']
  shares.add(clients[0] ?? '')
  shares.add(clients[0] ?? '')
  expect(shares.full(clients[0] ?? '')).toEqual({ name: '2001:db8:1:1::/64', limit: 2 })
  expect(shares.full(clients[1] ?? '')).toBeUndefined()
  shares.add(clients[1] ?? '')
  for (const client of clients.slice(1)) expect(shares.full(client)).toEqual({ name: '2001:db8:1::/48', limit: 3 })
  expect(shares.full('2001:db8:2:1::/64')).toBeUndefined()
  expect(shares.full('192.0.2.1')).toBeUndefined()

  shares.remove(clients[0] ?? '')
  expect(shares.full(clients[2] ?? '')).toBeUndefined()
})
