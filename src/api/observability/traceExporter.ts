import { ExportResultCode } from '@opentelemetry/core'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'
import type { SpanExporter } from '@opentelemetry/sdk-trace'
import type { Logger } from 'pino'

/**
 * Creates an exporter to the collector. It logs when exports begin to fail and when they work again, not each failure:
 * a collector may be away for days. The SDK itself logs nothing.
 */
export function createExporter(collector: string, logger: Logger): SpanExporter {
  const exporter = new OTLPTraceExporter({ url: collector })
  // Its path and query may contain a key.
  const { origin } = new URL(collector)
  let isFailing = false
  return {
    export(spans, done) {
      exporter.export(spans, (result) => {
        const fails = result.code !== ExportResultCode.SUCCESS
        if (fails && !isFailing) {
          logger.warn(
            { err: result.error, collector: origin },
            'cannot export traces, and drops them until the collector takes them',
          )
        }
        if (!fails && isFailing) logger.info({ collector: origin }, 'exports traces again')
        isFailing = fails
        done(result)
      })
    },
    shutdown: () => exporter.shutdown(),
  }
}
