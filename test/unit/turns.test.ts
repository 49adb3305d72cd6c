import { setImmediate as turn } from 'node:timers/promises'
import { expect, it } from 'vitest'
import type { IndexReader, Read } from '../../src/api/index/reader.ts'
import type { Snapshot } from '../../src/api/index/snapshot.ts'
import { createTurns, isExpensive } from '../../src/api/queries/turns.ts'

const gone = new AbortController().signal
const block: Snapshot = { number: 1n, checkpoint: 1n, hash: '0x1', timestamp: 1n, now: 1n }
const head = { validity: () => '0x1 1' }
const wait = () => undefined

it('addresses of one IPv6 /48 share a turn, and other networks have their own', async () => {
  const ends: (() => void)[] = []
  const started: string[] = []
  const index = {
    head,
    reach: async () => undefined,
    read: (_: bigint | undefined, read: Read<string>) => read(undefined as never, undefined as never),
  } as unknown as IndexReader
  const readInTurn = createTurns(index)
  const ask = (client: string) =>
    readInTurn(true, { client, gone, wait, url: client }).read(undefined, async () => {
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

it('what was read in the turn of one network is not read again in that of another', async () => {
  const reads: string[] = []
  const index = {
    head,
    reach: async () => undefined,
    read: async (_: bigint | undefined, read: Read<string>) => ({
      snapshot: block,
      data: await read(undefined as never, block),
    }),
  } as unknown as IndexReader
  const readInTurn = createTurns(index)
  const ask = (client: string, url: string) =>
    readInTurn(true, { client, gone, wait, url }).read(undefined, async () => {
      await turn()
      reads.push(url)
      return url
    })
  const flood = Array.from({ length: 20 }, (_, place) => ask('198.51.100.7', `/api/runs?minReward=${place}`))
  const asked = ['198.51.100.7', '203.0.113.1', '203.0.113.2'].map((client) => ask(client, '/api/runs?claimable=true'))
  const answers = await Promise.all(asked.slice(1))
  expect(answers.map(({ data }) => data)).toEqual(Array(2).fill('/api/runs?claimable=true'))
  expect(reads.length, 'reads before them').toBeLessThan(8)
  await Promise.all([...flood, ...asked])
  expect(reads.filter((url) => url.endsWith('claimable=true')).length).toBeLessThanOrEqual(2)
})

it.each([
  ['all runs', {}, false],
  ['the runs that name a claimant', { claimant: '0x70997970C51812dc3A010C7d01b50e0d17dc79C8' }, false],
  ['the runs for any wallet', { claimant: 'none' }, true],
  ['claimable runs', { claimable: true }, true],
] as const)('whether a page of %s waits for its turn', (_, filter, expected) => {
  expect(isExpensive({ ...filter, sort: 'createdAt', order: 'desc' }, { offset: 0 })).toBe(expected)
})
