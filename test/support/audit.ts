import { setTimeout as sleep } from 'node:timers/promises'
import { startReady } from '../../tools/devnet/managedProcess.ts'
import { type ServiceOptions, serviceProcess } from '../../tools/devnet/service.ts'
import type { MarketOnAnvil } from './marketOnAnvil.ts'

/** An audit waits until its block is final: 64 blocks on Anvil. */
const FINAL_BLOCKS = 70

const POLL_MS = 100
const AUDIT_TIMEOUT_MS = 90_000

/**
 * Starts audits by a timer, with metrics.
 * @param port of the metrics; a free one if absent.
 * @param every the time between two audits.
 */
export async function startAudit({ port = 0, ...options }: ServiceOptions, every = '1s') {
  const lines: Record<string, unknown>[] = []
  const onLine = (line: string) => lines.push(JSON.parse(line))
  const settings = { AUDIT_PORT: String(port) }
  const args = ['ops/auditCommand.ts', '--every', every]
  const audit = serviceProcess('The audit', args, { ...options, onLine }, settings)
  const { part, match } = await startReady(audit, /"port":(\d+),.*"msg":"Audits by a timer"/, 20_000)
  const url = `http://127.0.0.1:${match[1]}`

  /** The value of a metric without labels. */
  async function value(metric: string): Promise<number> {
    const text = await (await fetch(`${url}/metrics`)).text()
    return Number(new RegExp(`^${metric} (\\S+)$`, 'm').exec(text)?.[1])
  }

  return {
    part,
    url,
    port: Number(match[1]),
    /** The lines of its log. */
    lines,
    value,
    /**
     * Has the chain make blocks until an audit has compared a copy of a later block.
     * @param number Of the block that is earlier; the latest one if absent.
     * @throws after 90 seconds.
     */
    async compared({ client }: Pick<MarketOnAnvil, 'client'>, number?: bigint) {
      const earlier = number ?? (await client.getBlockNumber({ cacheTime: 0 }))
      let handled = 0
      for (const deadline = Date.now() + AUDIT_TIMEOUT_MS; ; await sleep(POLL_MS)) {
        const block = await value('audit_block')
        if (block > earlier) return
        if (Date.now() > deadline) throw new Error(`The last audit was at block ${block}, not after ${earlier}`)
        const copies = lines.filter(({ msg }) => /^Copied block/.test(String(msg))).length
        if (copies > handled) await client.mine({ blocks: FINAL_BLOCKS })
        handled = copies
      }
    },
    stop: part.stop,
  }
}
