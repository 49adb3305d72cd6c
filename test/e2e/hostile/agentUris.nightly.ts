import { type Address, concat, encodeFunctionData, getContractAddress, type Hex, numberToHex, size } from 'viem'
import { beforeAll, describe, expect, it } from 'vitest'
import { accountOf } from '../../../tools/devnet/accounts.ts'
import { startTestMarket, type TestMarket } from '../../support/market.ts'
import { type Participants, participantsOf, usdc } from '../../support/participants.ts'
import { readEvents } from '../../support/readEvents.ts'

const AGENTS = 40
const attacker = accountOf(7).address
/** 18 kB of control characters, each of which JSON writes with six bytes. */
const hostileUri = '\u0001'.repeat(18_000)

let market: TestMarket
let people: Participants
let ids: bigint[]

/** Forty agents of one account, with such a URI each. */
beforeAll(async () => {
  market = await startTestMarket()
  people = participantsOf(market)
  for (let count = 0; count < AGENTS; count++) {
    await people.mined(() => market.registry.write.register([hostileUri], { account: attacker, gas: 20_000_000n }))
  }
  ids = Array.from({ length: AGENTS }, (_, index) => BigInt(index) + 1n)
  await market.indexed()
  return market.stop
}, 240_000)

/** The code of a contract that makes the calls when it is created: it copies each call's data to memory, and calls. */
function callsInConstructor(calls: { to: Address; data: Hex }[]): Hex {
  const CALL_BYTES = 44
  let place = calls.length * CALL_BYTES + 1
  const code = calls.map(({ to, data }) => {
    const length = numberToHex(size(data), { size: 2 })
    const copy = concat(['0x61', length, '0x61', numberToHex(place, { size: 2 }), '0x600039'])
    const call = concat(['0x6000600061', length, '0x6000600073', to, '0x5af150'])
    place += size(data)
    return concat([copy, call])
  })
  return concat([...code, '0x00', ...calls.map(({ data }) => data)])
}

/** Adds a unit to the stake of each agent, in one transaction. */
async function stakeForAll() {
  const { client, usdc: token, staking } = market
  const nonce = await client.getTransactionCount({ address: attacker })
  const payer = getContractAddress({ from: attacker, nonce: BigInt(nonce) })
  await people.mined(() => token.write.mint([payer, usdc]))
  const approve = encodeFunctionData({ abi: token.abi, functionName: 'approve', args: [staking.address, usdc] })
  const stakes = ids.map((id) => {
    const args = [id, attacker, 1n] as const
    return { to: staking.address, data: encodeFunctionData({ abi: staking.abi, functionName: 'stakeFor', args }) }
  })
  const data = callsInConstructor([{ to: token.address, data: approve }, ...stakes])
  const { gasUsed } = await people.mined(() => client.sendTransaction({ account: attacker, data, gas: 10_000_000n }))
  expect(await staking.read.accountOf([BigInt(AGENTS)])).toContain(1n)
  return gasUsed
}

/** A stream, and how many bytes it has sent. */
async function openStream() {
  const { body } = await fetch(`${market.api.url}/api/stream?types=agent`)
  if (!body) throw new Error('The stream has no body')
  let bytes = 0
  const counter = new TransformStream<Uint8Array, Uint8Array>({
    transform(chunk, controller) {
      bytes += chunk.byteLength
      controller.enqueue(chunk)
    },
  })
  return { reader: readEvents(body.pipeThrough(counter)), bytes: () => bytes }
}

describe('forty agents with 18 kB of control characters as their URIs', () => {
  it('send each open stream 50 kB at most by one transaction that changes all of their stakes', async () => {
    const { reader, bytes } = await openStream()
    await reader.next()
    const before = bytes()
    const gasUsed = await stakeForAll()
    const events = await reader.next(AGENTS, 20_000)
    await reader.stop()
    const sent = bytes() - before
    console.log(`one transaction of ${gasUsed} gas sends ${sent} bytes to each stream`)
    expect(sent).toBeLessThan(50_000)
    expect(events.every(({ data }) => data.stakedAmount === '1' && !('agentURI' in data))).toBe(true)
  })

  it('make a list of agents of 150 kB at most, and a page of one agent of 60 kB at most', async () => {
    const list = await (await fetch(`${market.api.url}/api/agents?limit=100`)).text()
    console.log(`the list of ${AGENTS} agents has ${Buffer.byteLength(list)} bytes`)
    expect(Buffer.byteLength(list)).toBeLessThan(150_000)
    const { agents } = JSON.parse(list)
    expect(agents).toHaveLength(AGENTS)
    for (const { agentURI, agentURITruncated } of agents) {
      expect([Buffer.byteLength(agentURI) <= 2_048, agentURITruncated]).toEqual([true, true])
    }
    const page = await (await fetch(`${market.api.url}/agents/1`)).text()
    expect(page.length).toBeLessThan(60_000)
  })

  it('have their new URI in the event of the block that sets it, and not in the next', async () => {
    const { reader } = await openStream()
    await reader.next()
    const uri = `https://agent.example/${'é'.repeat(1_200)}`
    await people.mined(() => market.registry.write.setAgentURI([1n, uri], { account: attacker }))
    const [set] = await reader.next()
    expect(set?.data).toMatchObject({ id: 1, agentURITruncated: true })
    expect(Buffer.byteLength(set?.data.agentURI)).toBe(2_048)
    expect(uri.startsWith(set?.data.agentURI)).toBe(true)
    await people.mined(() => market.registry.write.unsetAgentWallet([1n], { account: attacker }))
    const [unset] = await reader.next()
    await reader.stop()
    expect(unset?.data.id).toBe(1)
    expect(unset?.data).not.toHaveProperty('agentURI')
  })
})
