import { setTimeout as sleep } from 'node:timers/promises'
import { Gauge, type Registry } from 'prom-client'
import { unlessProblem } from '../http/errors.ts'
import type { IndexReader } from '../index/reader.ts'
import { createStats } from '../queries/stats.ts'
import { type ReadBalances, readReserves } from '../reserves.ts'

/** A scrape must not wait for a node that hangs. */
const TIMEOUT_MS = 1_000

/** Adds the surplus of both contracts to the registry. */
export function measureReserves(registry: Registry, from: { index: IndexReader; readBalances: ReadBalances }) {
  const readStats = createStats()
  new Gauge({
    name: 'reserve_surplus_usdc',
    help: 'What the contract holds beyond what it owes, in USDC; NaN if it cannot be read. Below zero, money is missing.',
    labelNames: ['contract'] as const,
    registers: [registry],
    async collect() {
      const late = sleep(TIMEOUT_MS, undefined, { ref: false })
      const reserves = await Promise.race([readReserves({ ...from, readStats }).catch(unlessProblem), late])
      for (const contract of ['market', 'staking'] as const)
        this.set({ contract }, reserves ? Number(reserves.data[contract].surplus) / 1e6 : Number.NaN)
    },
  })
}
