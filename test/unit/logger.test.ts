import pg from 'pg'
import { HttpRequestError, RpcRequestError } from 'viem'
import { describe, expect, it } from 'vitest'
import { reasonOf } from '../../core/describeError.ts'
import { createLogger } from '../../core/logger.ts'

const signature = `0x${'5a'.repeat(65)}`
const hash = `0x${'7b'.repeat(32)}`
const body = { method: 'eth_sendRawTransaction', params: [signature] }
const rpcUrl = 'https://operator:pa55word@node.example:8443/v2/SECRETKEY?token=QUERYKEY'

const refused = new RpcRequestError({
  body,
  url: rpcUrl,
  error: { code: -32_000, message: `cannot take ${signature}` },
})
const page = new HttpRequestError({
  body,
  url: rpcUrl,
  status: 502,
  details: `Cannot POST /v2/SECRETKEY${' <br>'.repeat(900)}`,
})

/** @returns the logged line, as text and parsed. */
function logged(log: (logger: ReturnType<typeof createLogger>) => void) {
  const lines: string[] = []
  log(createLogger({ level: 'trace', rpcUrls: [rpcUrl], destination: { write: (line) => lines.push(line) } }))
  const [text = ''] = lines
  return { text, line: JSON.parse(text) }
}

describe('an error in the log', () => {
  it.each<[string, Error]>([
    ['from a node’s answer', refused],
    ['with a page of HTML', page],
    ['with nested causes', new Error('outer', { cause: new Error(`asking ${rpcUrl} again`, { cause: refused }) })],
    ['that aggregates others', new AggregateError([refused, page], 'all failed')],
    ['whose message contains a request', new Error(`POST ${rpcUrl}\n    at ${rpcUrl}\n${JSON.stringify(body)}`)],
  ])('%s shows no key and no request', (_, error) => {
    for (const log of [
      (logger: ReturnType<typeof createLogger>) => logger.error({ err: error }, 'failed'),
      (logger: ReturnType<typeof createLogger>) => logger.error(error),
      (logger: ReturnType<typeof createLogger>) => logger.error(error, 'failed'),
    ]) {
      const { text, line } = logged(log)
      expect(text).not.toMatch(/SECRETKEY|QUERYKEY|pa55word|operator|(5a){20}/)
      expect(text.length).toBeLessThan(16_000)
      expect(line.err).toMatchObject({ type: error.name, stack: expect.stringContaining('logger.test.ts') })
    }
  })

  it('has its type, message, code and causes', () => {
    const connection = Object.assign(new Error('connect ECONNREFUSED 127.0.0.1:1'), { code: 'ECONNREFUSED', port: 1 })
    const fetching = new HttpRequestError({
      body,
      url: rpcUrl,
      cause: new TypeError('fetch failed', { cause: connection }),
    })
    const { line } = logged((logger) => logger.warn({ err: fetching, txHash: hash }, 'cannot send'))
    expect(line).toMatchObject({
      msg: 'cannot send',
      txHash: hash,
      err: {
        type: 'HttpRequestError',
        message: 'HTTP request failed.',
        cause: { type: 'TypeError', message: 'fetch failed', cause: { code: 'ECONNREFUSED', port: 1 } },
      },
    })
    expect(logged((logger) => logger.warn({ err: refused })).line.err).toMatchObject({
      code: -32_000,
      message: 'RPC Request failed.',
      cause: { message: 'cannot take 0x…(65 bytes)' },
    })
    expect(reasonOf(fetching)).toBe('HTTP request failed: fetch failed: connect ECONNREFUSED 127.0.0.1:1')
  })

  it('of PostgreSQL has its code, and no values of the row', () => {
    const error = Object.assign(new pg.DatabaseError('duplicate key value', 0, 'error'), {
      code: '23505',
      constraint: 'claim_pkey',
      detail: `Key (signature)=(${signature}) already exists.`,
    })
    const { text, line } = logged((logger) => logger.error({ err: error }))
    expect(line.err).toMatchObject({ code: '23505', constraint: 'claim_pkey', message: 'duplicate key value' })
    expect(text).not.toContain('5a5a5a5a')
  })

  it('keeps hashes and addresses, and the host of a URL', () => {
    const error = new Error(`${hash} is not at postgres://user:pass@db.example:5432/runline?ssl=1 nor at ${rpcUrl}.`)
    expect(logged((logger) => logger.error({ err: error })).line.err.message).toBe(
      `${hash} is not at postgres://db.example:5432 nor at https://node.example:8443`,
    )
  })

  it('that is not an Error object is logged as its text', () => {
    expect(logged((logger) => logger.error({ err: 'a word' })).line.err).toEqual({ type: 'string', message: 'a word' })
  })
})

describe('a value in the log', () => {
  it('that a client made long is cut, and says how long it was', () => {
    const path = `/api/runs/${'7'.repeat(15_000)}`
    const detail = `There is no run ${'7'.repeat(15_000)}.`
    const { text, line } = logged((logger) => logger.warn({ method: 'GET', path, detail, status: 503 }, 'INDEX_BEHIND'))
    expect(text.length).toBeLessThan(1_000)
    expect(line).toMatchObject({ method: 'GET', status: 503, msg: 'INDEX_BEHIND' })
    expect(line.path).toMatch(/^\/api\/runs\/7+… \(15010 characters\)$/)
  })

  it('is otherwise as it was given', () => {
    const values = {
      txHash: hash,
      address: `0x${'12'.repeat(20)}`,
      hashes: [hash, hash],
      count: 3,
      path: '/api/runs/7',
    }
    expect(logged((logger) => logger.info(values)).line).toMatchObject(values)
  })
})
