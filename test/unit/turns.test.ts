import { setImmediate as turn } from 'node:timers/promises'
import { expect, it } from 'vitest'
import type { IndexReader, Read } from '../../src/api/index/reader.ts'
import { createTurns, isExpensive } from '../../src/api/queries/turns.ts'

const gone = new AbortController().signal

it('addresses of one IPv6 /48 share a turn, and other networks have their own', async () => {
  const ends: (() => void)[] = []
  const started: string[] = []
  const index = {
    reach: async () => undefined,
    read: (_: bigint | undefined, read: Read<string>) => read(undefined as never, undefined as never),
  } as unknown as IndexReader
  const readInTurn = createTurns(index)
  const ask = (client: string) =>
    readInTurn(true, { client, gone }).read(undefined, async () => {
      started.push(client)
      await new Promise<void>((resolve) => ends.push(resolve))
      return client
    })
  const flood = Array.from({ length: 20 }, (_, subnet) => ask(`2001:db8:1:${subnet.toString(16)}::/64`))
  await turn()
  expect(started).toHaveLength(2)
  const other = ask('198.51.100.7')
  const neighbour = ask('2001:db8:2::/64')
  for (let count = 0; count < 3; count++) {
    ends.shift()?.()
    await turn()
  }
  // One more read of the network that was first, then one of each other network.
  expect(started.slice(3)).toEqual(expect.arrayContaining(['198.51.100.7', '2001:db8:2::/64']))
  while (started.length < 22 || ends.length > 0) {
    ends.shift()?.()
    await turn()
  }
  await Promise.all([...flood, other, neighbour])
})

it.each([
  ['all runs', {}, false],
  ['the runs that name a claimant', { claimant: '0x70997970C51812dc3A010C7d01b50e0d17dc79C8' }, false],
  ['the runs for any wallet', { claimant: 'none' }, true],
  ['claimable runs', { claimable: true }, true],
] as const)('whether a page of %s waits for its turn', (_, filter, expected) => {
  expect(isExpensive({ ...filter, sort: 'createdAt', order: 'desc' }, { offset: 0 })).toBe(expected)
})
