import getPort from 'get-port'
import type { RoleUrls } from '../../test/support/databaseRoles.ts'
import { shiftedClock } from '../../test/support/shiftedClock.ts'
import { INDEXER_FINAL_ENDS, supervise } from '../../test/support/supervise.ts'
import { startTcpProxy } from '../../test/support/tcpProxy.ts'
import { keyOf, roles } from '../devnet/accounts.ts'
import { productionLimits, startApi } from '../devnet/api.ts'
import type { Chain } from '../devnet/chain.ts'
import { startIndexer } from '../devnet/indexer.ts'

/** Called with each line that a process prints. */
export type OnLine = (process: string, line: string) => void

type HostOptions = {
  chain: Pick<Chain, 'chainId' | 'rpcUrl' | 'deploymentsDirectory'>
  urls: RoleUrls
  postgresPort: number
  /** For the report. */
  names: { indexer: string; api: string }
  isStandby: boolean
  onLine: OnLine
}

export type Host = Awaited<ReturnType<typeof startHost>>

/** A machine with an indexer, whose connections to PostgreSQL lead through a proxy, and an API; both are supervised. */
export async function startHost({ chain, urls, postgresPort, names, isStandby, onLine }: HostOptions) {
  await using parts = new AsyncDisposableStack()
  let clock: Record<string, string> = {}
  const proxy = await startTcpProxy(postgresPort)
  parts.defer(proxy.stop)
  const [indexerPort, apiPort] = await Promise.all([getPort(), getPort()])

  const indexer = supervise(
    () =>
      startIndexer({
        ...chain,
        databaseUrl: proxy.urlOf(urls.indexer),
        port: indexerPort,
        standby: isStandby,
        env: clock,
        onLine: (line) => onLine(names.indexer, line),
      }),
    INDEXER_FINAL_ENDS,
  )
  parts.defer(indexer.stop)
  await indexer.untilReady()

  const api = supervise(() =>
    startApi({
      ...chain,
      databaseUrl: urls.relay,
      port: apiPort,
      relayerKey: keyOf(roles.relayer),
      env: { ...productionLimits, DATABASE_READ_URL: urls.reader, ...clock },
      onLine: (line) => onLine(names.api, line),
    }),
  )
  parts.defer(api.stop)
  await api.untilReady()

  const kept = parts.move()
  return {
    names,
    proxy,
    indexer,
    api,
    url: `http://127.0.0.1:${apiPort}`,
    /** Restarts both processes, with a clock that is so many seconds ahead. */
    async setClock(secondsAhead: number) {
      clock = secondsAhead === 0 ? {} : shiftedClock(secondsAhead)
      await Promise.all([indexer.restart(), api.restart()])
    },
    stop: () => kept.disposeAsync(),
  }
}
