import { z } from 'zod'
import { collector, contact, integer, perTime, port, postgresUrl, share, website } from './formats.ts'

/** As the OpenTelemetry specification says, the path is added to that of the collector. */
function tracesUrl(base: string): string {
  const traces = new URL(base)
  traces.pathname = `${traces.pathname.replace(/\/$/, '')}/v1/traces`
  return traces.href
}

/** How the API serves. */
export const servingSettings = z.object({
  PORT: port(3000).describe("The clients' port"),
  OPS_PORT: port(9464).describe(
    "The operator's port, with `/metrics`, `/status` (the signers and their funds), `/healthz`, `/readyz`. If it is taken, the API does not start. Give a second API on one machine another port, or `0` for any free one, which its log names. With `npm run dev` a free one",
  ),
  OPS_HOST: z
    .string()
    .default('127.0.0.1')
    .describe("The address on which the operator's port listens; `0.0.0.0` for all. Do not open it to clients"),
  TRUST_PROXY: integer(0, 16)
    .default(0)
    .describe(
      "How many of your proxies are in front of the API and append to `X-Forwarded-For`, from which the client's address is then taken. With too small a number, all clients share one address",
    ),
  DATABASE_READ_URL: postgresUrl
    .optional()
    .describe('A [read replica](operations.md#reads). Without it, reads go to `DATABASE_URL`'),
  DATABASE_READ_CONNECTIONS: integer(1, 100)
    .optional()
    .describe('The most connections that read, from 1 to 100. Without it 4: [reads](operations.md#reads)'),
  MAX_LAG_SECONDS: integer(1, Number.MAX_SAFE_INTEGER)
    .default(30)
    .describe('How far behind the chain the index, or how silent the node, may be while `/readyz` answers 200'),
  CHAIN_STOPPED_SECONDS: integer(0, Number.MAX_SAFE_INTEGER)
    .optional()
    .describe(
      'How long the chain may be without a new block before `/readyz` says `CHAIN_STOPPED`, which affects claims only. Without it 30, on chain 31337 never. Set `0`, never, for a chain that makes blocks only for transactions',
    ),
  // 50 a second, for some hundred agents behind one NAT.
  REQUESTS_PER_MINUTE: perTime(3_000).describe(
    'Limit per address (IPv6: /64) and process, on any route of `PORT`. Answers from the response cache do not count; each message of an MCP batch, of at most ten, does',
  ),
  // Ten a second, more than orchestrators and load balancers send.
  PROBES_PER_MINUTE: perTime(600).describe(
    'Limit per address and process for `/healthz` and `/readyz`. Requests beyond it are refused, each after a second',
  ),
  // For many agents or readers behind one NAT.
  STREAMS_PER_CLIENT: z.coerce
    .number()
    .int()
    .min(1)
    .max(1_000_000)
    .default(100)
    .describe('How many streams of changes an address may have open at each process'),
  MAX_STREAMS: z.coerce
    .number()
    .int()
    .min(1)
    .max(1_000_000)
    .default(10_000)
    .describe(
      'How many streams a process may have open. Each needs a file descriptor (`ulimit -n`) and some 20 kB. An address gets a tenth of them, an IPv6 /48 a quarter',
    ),
  MAX_CONNECTIONS: integer(10, 1_000_000)
    .default(20_000)
    .describe(
      'How many connections a process may have open, streams among them. One beyond it is closed at once, so keep it above what proxies and readers open. With `TRUST_PROXY=0` an address gets a tenth of them, an IPv6 /48 a quarter',
    ),
  CONTENT_MB: integer(0, 1_000_000)
    .default(1_024)
    .describe(
      'How much [content](api.md#content) is stored, in MB; on disk it takes up to twice as much. Beyond it, and with `0`, posts answer 503',
    ),
  CONTENT_KB_PER_DAY: integer(1, 1_000_000_000)
    .default(1_000)
    .describe(
      'How much of it an address may post within a day, over all processes, in kB. What a run names counts a tenth',
    ),
  SECURITY_CONTACT: contact
    .optional()
    .describe(
      'Where to report a vulnerability, such as `mailto:security@example.org`: `/.well-known/security.txt` names it',
    ),
  EXPLORER_URL: website
    .optional()
    .describe('A block explorer, such as `https://basescan.org`, to which the [board](board.md) links transactions'),
  OTEL_EXPORTER_OTLP_ENDPOINT: collector
    .transform(tracesUrl)
    .optional()
    .describe('The collector of [traces](operations.md#traces), such as `http://127.0.0.1:4318`. No traces without it'),
  OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: collector
    .optional()
    .describe('The URL that takes traces, if that is not `/v1/traces` of the collector'),
  OTEL_TRACES_SAMPLER_ARG: share
    .default(1)
    .describe('The part of the traces that is recorded, from 0 to 1, where no `traceparent` of the request decides'),
})
