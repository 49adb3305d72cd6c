import type { Address } from 'viem'
import { payee, runStates } from '../../ponder.schema.ts'
import type { Audited, Phase } from './audited.ts'
import { differencesOf } from './difference.ts'

/** Compares what is owed to payees with the market, and with what it deferred and paid by its logs. */
export const payees: Phase = {
  name: 'payees',
  first: () => 0n,
  async step({ client, db, state }) {
    const { rows: told } = await client.query<{ address: Address; owed: string }>(
      'SELECT address, owed::text FROM told_payee ORDER BY address',
    )
    const rows = new Map((await db.select().from(payee)).map((row) => [row.address as string, row]))
    const addresses = [...new Set([...told.map(({ address }) => address), ...rows.keys()])] as Address[]
    const owed = await state.owed(addresses)
    const byLogs = new Map(told.map(({ address, owed }) => [address, { address, owed: BigInt(owed) }]))
    const differences = addresses.flatMap((address, place) => [
      ...differencesOf(`payee ${address}`, byLogs.get(address), rows.get(address)),
      ...differencesOf(
        `payee ${address} by the market's word`,
        { owed: owed[place] },
        { owed: rows.get(address)?.owed },
      ),
    ])
    return { differences, compared: addresses.length, next: undefined, share: 1 }
  },
}

const countOf = (state: string) => `count(*) FILTER (WHERE state = '${state}') AS ${state.toLowerCase()}`

/** The bands counted anew from the runs; a band found by the digits of the reward, not by the handlers' arithmetic. */
const COUNTED = `
  SELECT rpad(left(reward::text, 2), length(reward::text), '0') AS lowest, ${runStates.map(countOf).join(', ')},
    coalesce(sum(reward + fee) FILTER (WHERE state NOT IN ('DRAFT', 'APPROVED', 'REJECTED')), 0) AS escrowed,
    coalesce(sum(reward) FILTER (WHERE state = 'APPROVED'), 0) AS paid
  FROM run GROUP BY 1 ORDER BY 1`

const STORED = `SELECT lowest, ${runStates.map((state) => state.toLowerCase()).join(', ')}, escrowed, paid FROM reward_band`

type Band = { lowest: string } & Record<string, string>

/** Compares the counting table with the runs, which were compared with the chain before. */
export const bands: Phase = {
  name: 'bands',
  first: () => 0n,
  async step({ client }) {
    const counted = await bandsIn(client, COUNTED)
    const stored = await bandsIn(client, STORED)
    const all = [...new Set([...counted.keys(), ...stored.keys()])]
    return {
      differences: all.flatMap((lowest) => differencesOf(`band ${lowest}`, counted.get(lowest), stored.get(lowest))),
      compared: all.length,
      next: undefined,
      share: 1,
    }
  },
}

async function bandsIn(client: Audited['client'], statement: string) {
  const { rows } = await client.query<Band>(statement)
  const asText = (band: Band) => Object.fromEntries(Object.entries(band).map(([name, value]) => [name, String(value)]))
  return new Map(rows.map((band) => [String(band.lowest), asText(band)]))
}
