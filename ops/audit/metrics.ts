import { Hono } from 'hono'
import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client'
import type { Audit } from './audit.ts'

/** The metrics of audits that repeat, and the app that serves them. Before the first audit has compared, results are NaN. */
export function createAuditMetrics(intervalMs: number) {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  const gauge = (name: string, help: string, value = Number.NaN) => {
    const added = new Gauge({ name, help, registers: [registry] })
    added.set(value)
    return added
  }
  gauge('audit_interval_seconds', 'The time from the end of an audit to the start of the next.', intervalMs / 1_000)
  const differences = gauge(
    'audit_differences',
    'How many values of the tables differ from the chain, by the last audit that compared them; NaN before the first.',
  )
  const succeeded = gauge(
    'audit_last_success_timestamp_seconds',
    'When the last audit that compared everything ended, whatever it found; NaN before the first.',
  )
  const duration = gauge('audit_duration_seconds', 'How long that audit took, with its wait for finality.')
  const block = gauge('audit_block', 'The block of that audit.')
  const failures = new Counter({
    name: 'audit_failures_total',
    help: 'Audits that could not compare.',
    registers: [registry],
  })

  const app = new Hono()
  app.get('/healthz', (c) => c.json({ status: 'ok' }))
  app.get('/metrics', async (c) => c.body(await registry.metrics(), 200, { 'Content-Type': registry.contentType }))

  return {
    app,
    /** Sets the results of an audit that compared everything. */
    compared(result: Audit, seconds: number) {
      differences.set(result.differences.length)
      succeeded.set(Date.now() / 1_000)
      duration.set(seconds)
      block.set(Number(result.block))
    },
    /** Counts an audit that could not compare. The results of the one before stay. */
    failed: () => failures.inc(),
  }
}
