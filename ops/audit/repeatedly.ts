import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from 'pino'
import type { parseEnv } from '../../core/env.ts'
import { stopGracefully } from '../../core/stopProcess.ts'
import { createHttpServer, drain, listen } from '../../src/api/http/httpServer.ts'
import { type Audit, audit, type auditSettings } from './audit.ts'
import { createAuditMetrics } from './metrics.ts'

/** Prometheus, a probe and a person at once, with room. */
const MAX_CONNECTIONS = 100

/** How long a scrape in flight may delay the end. */
const DRAIN_TIMEOUT_MS = 1_000

const STOP_TIMEOUT_MS = 5_000

/** A broken index may differ in every row. The count of them is in the metric and in the last line. */
const MAX_LOGGED_DIFFERENCES = 100

type Options = {
  env: ReturnType<typeof parseEnv<(typeof auditSettings)[number] | 'AUDIT_PORT' | 'AUDIT_HOST'>>
  /** From the end of an audit to the start of the next. */
  intervalMs: number
  logger: Logger
}

/**
 * Audits again and again, and serves the results as metrics. A failed audit is logged and counted. SIGTERM ends the process
 * with 0, also during an audit.
 */
export async function auditRepeatedly({ env, intervalMs, logger }: Options): Promise<never> {
  const metrics = createAuditMetrics(intervalMs)
  const server = createHttpServer(metrics.app, { maxConnections: MAX_CONNECTIONS })
  stopGracefully(() => drain(server, DRAIN_TIMEOUT_MS), { timeoutMs: STOP_TIMEOUT_MS, logger })
  const port = await listen(server, { setting: 'AUDIT_PORT', port: env.AUDIT_PORT, host: env.AUDIT_HOST })
  logger.info({ port, intervalSeconds: intervalMs / 1_000 }, 'Audits by a timer')
  const progress = { show() {}, line: (text: string) => logger.info(text) }
  for (;;) {
    const start = performance.now()
    try {
      const result = await audit(env, progress)
      const seconds = (performance.now() - start) / 1_000
      metrics.compared(result, seconds)
      logResult(logger, result, seconds)
    } catch (err) {
      metrics.failed()
      logger.error({ err }, 'The audit could not compare')
    }
    await sleep(intervalMs)
  }
}

function logResult(logger: Logger, { differences, compared, block }: Audit, seconds: number) {
  for (const difference of differences.slice(0, MAX_LOGGED_DIFFERENCES))
    logger.error({ difference }, 'Table and chain differ')
  const line = { differences: differences.length, ...compared, block: `${block}`, seconds: Math.round(seconds) }
  if (differences.length > 0) logger.error(line, 'The index differs from the chain')
  else logger.info(line, 'The index equals the chain')
}
