import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { allSettings, parseEnv } from '../../core/env.ts'

const key = `0x${'ab'.repeat(32)}`

describe('parseEnv', () => {
  it('has the documented defaults', () => {
    const names = [
      'DATABASE_SCHEMA',
      'CHAIN_ID',
      'RPC_URL',
      'PORT',
      'PONDER_PORT',
      'PONDER_HOST',
      'ANVIL_PORT',
      'TRUST_PROXY',
      'MAX_BATCH',
      'MAX_UNMINED',
      'DAILY_GAS_BUDGET',
      'MAX_FEE_GWEI',
      'FOREIGN_NONCES',
      'HEAD_INTERVAL_MS',
      'KEEPER_INTERVAL_MS',
      'RELAY_RETENTION_DAYS',
      'OTEL_EXPORTER_OTLP_ENDPOINT',
      'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT',
      'OTEL_TRACES_SAMPLER_ARG',
    ] as const
    expect(parseEnv(names, {})).toEqual({
      DATABASE_SCHEMA: 'runline',
      CHAIN_ID: 31337,
      RPC_URL: ['http://127.0.0.1:8545'],
      PORT: 3000,
      PONDER_PORT: 42069,
      PONDER_HOST: '127.0.0.1',
      ANVIL_PORT: 8545,
      TRUST_PROXY: 0,
      MAX_BATCH: 50,
      MAX_UNMINED: 16,
      DAILY_GAS_BUDGET: 10n ** 18n,
      MAX_FEE_GWEI: 200n * 10n ** 9n,
      FOREIGN_NONCES: 16,
      HEAD_INTERVAL_MS: 50,
      KEEPER_INTERVAL_MS: 1_000,
      RELAY_RETENTION_DAYS: 90,
      OTEL_TRACES_SAMPLER_ARG: 1,
    })
  })

  it.each([
    ['http://collector:4318', 'http://collector:4318/v1/traces'],
    ['https://collector.example/otlp/?key=1', 'https://collector.example/otlp/v1/traces?key=1'],
  ])('adds the path of traces to the collector %s', (OTEL_EXPORTER_OTLP_ENDPOINT, expected) => {
    const source = { OTEL_EXPORTER_OTLP_ENDPOINT, OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://other:4318/traces' }
    expect(parseEnv(['OTEL_EXPORTER_OTLP_ENDPOINT', 'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT'], source)).toEqual({
      OTEL_EXPORTER_OTLP_ENDPOINT: expected,
      OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://other:4318/traces',
    })
  })

  it('treats an empty variable as absent', () => {
    expect(parseEnv(['PORT', 'DATABASE_READ_URL'], { PORT: '', DATABASE_READ_URL: '' })).toEqual({ PORT: 3000 })
    expect(() => parseEnv(['DATABASE_URL'], { DATABASE_URL: '' })).toThrow(
      'DATABASE_URL: is missing. Set it, such as DATABASE_URL=postgres://',
    )
  })

  it('has an example for each setting that must be set', () => {
    for (const name of allSettings) {
      let message = ''
      try {
        parseEnv([name], {})
      } catch (error) {
        ;({ message } = error as Error)
      }
      expect(message).not.toContain('=undefined')
    }
  })

  it('validates only the requested variables', () => {
    expect(parseEnv(['PORT'], { PORT: '1', CHAIN_ID: 'x' })).toEqual({ PORT: 1 })
  })

  it('reads a secret from the file that <NAME>_FILE names', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'runline-env-'))
    onTestFinished(() => rm(directory, { recursive: true }))
    const file = join(directory, 'relayer.key')
    await writeFile(file, `${key},${key}\n`)
    const names = ['RELAYER_PRIVATE_KEY', 'PORT'] as const
    expect(parseEnv(names, { RELAYER_PRIVATE_KEY_FILE: file, PORT_FILE: file })).toEqual({
      RELAYER_PRIVATE_KEY: [key, key],
      PORT: 3000,
    })
    expect(() => parseEnv(names, { RELAYER_PRIVATE_KEY_FILE: `${file}.old` })).toThrow(
      `RELAYER_PRIVATE_KEY_FILE: cannot read "${file}.old": ENOENT`,
    )
    expect(() => parseEnv(names, { RELAYER_PRIVATE_KEY_FILE: file, RELAYER_PRIVATE_KEY: key })).toThrow(
      'RELAYER_PRIVATE_KEY and RELAYER_PRIVATE_KEY_FILE are both set. Remove one of them.',
    )
  })

  it('reads which actions are relayed, or that none is', () => {
    expect(parseEnv(['RELAY_ACTIONS'], { RELAY_ACTIONS: 'submit, start' })).toEqual({
      RELAY_ACTIONS: ['submit', 'start'],
    })
    expect(parseEnv(['RELAY_ACTIONS'], { RELAY_ACTIONS: 'none' })).toEqual({ RELAY_ACTIONS: [] })
  })

  it('splits keys and endpoints at commas', () => {
    const source = { RELAYER_PRIVATE_KEY: `${key}, ${key}`, RPC_URL: 'http://own:8545, https://other.example/v2/key' }
    expect(parseEnv(['RELAYER_PRIVATE_KEY', 'RPC_URL'], source)).toEqual({
      RELAYER_PRIVATE_KEY: [key, key],
      RPC_URL: ['http://own:8545', 'https://other.example/v2/key'],
    })
  })

  it.each([
    ['DATABASE_URL', 'mysql://localhost/db'],
    ['DATABASE_URL', 'localhost'],
    ['DATABASE_READ_URL', 'nowhere'],
    ['DATABASE_READ_CONNECTIONS', '0'],
    ['DATABASE_READ_CONNECTIONS', '101'],
    ['DATABASE_SCHEMA', 'Runline'],
    ['DATABASE_SCHEMA', 'a; DROP SCHEMA b'],
    ['DATABASE_SCHEMA', 'a'.repeat(46)],
    ['CHAIN_ID', '0'],
    ['CHAIN_ID', '1.5'],
    ['CHAIN_ID', 'mainnet'],
    ['RPC_URL', 'ws://127.0.0.1:8545'],
    ['RPC_URL', 'http://one.example,'],
    ['RPC_URL', 'http://one.example, http://one.example'],
    ['RPC_REQUESTS_PER_SECOND', '0'],
    ['REORG_WINDOW_SECONDS', '61'],
    ['POLL_INTERVAL_MS', '99'],
    ['LOGS_RANGE', 'all'],
    ['RELAYER_PRIVATE_KEY', key.slice(2)],
    ['RELAYER_PRIVATE_KEY', `${key},`],
    ['RELAYER_KMS_KEYS', 'alias/one,'],
    ['RELAYER_KMS_KEYS', 'alias/one two'],
    ['ALLOW_UNSIGNED_CLAIMS', 'perhaps'],
    ['MAX_BATCH', '51'],
    ['MAX_BATCH', '0'],
    ['MAX_UNMINED', '0'],
    ['MAX_UNMINED', '1025'],
    ['DAILY_GAS_BUDGET', '1e18'],
    ['DAILY_GAS_BUDGET', '-1'],
    ['DAILY_GAS_BUDGET', '0.0000000000000000001'],
    ['MIN_RELAYED_REWARD', '0.5'],
    ['RELAY_ACTIONS', 'start,steal'],
    ['RELAY_ACTIONS', 'none,start'],
    ['WALLET_BUDGET_PERCENT', '100.0001'],
    ['TRUST_PROXY', '-1'],
    ['TREASURY', `0x${'0'.repeat(40)}`],
    ['OWNER', '0x12'],
    ['MAX_REWARD', '0'],
    ['MAX_REWARD', '0.009999'],
    ['MAX_REWARD', '1000000000.000001'],
    ['MAX_REWARD', '1e3'],
    ['OWNER', '0x14dC79964da2C08b23698B3D3cc7Ca32193d9956'],
    ['PORT', '65536'],
    ['PORT', 'http'],
    ['CHAIN_STOPPED_SECONDS', '-1'],
    ['LOG_LEVEL', 'loud'],
  ] as const)('refuses %s=%s by name', (name, value) => {
    expect(() => parseEnv([name], { [name]: value, DATABASE_URL: value })).toThrow(`${name}: `)
  })

  it('names all invalid variables at once, without the values that may be secret', () => {
    const wrong = { DATABASE_URL: 'postgres//user:secret@host', RELAYER_PRIVATE_KEY: '0xsecret', PORT: 'abc' }
    const read = () => parseEnv(['DATABASE_URL', 'RELAYER_PRIVATE_KEY', 'PORT'], wrong)
    for (const name of Object.keys(wrong)) expect(read).toThrow(name)
    expect(read).not.toThrow('secret')
  })

  it.each([
    ['PORT', 'abc', 'PORT: must be an integer from 0 to 65535, got "abc"'],
    ['LOG_LEVEL', 'loud', 'LOG_LEVEL: must be one of trace, debug, info, warn, error, fatal, silent, got "loud"'],
    ['ALLOW_UNSIGNED_CLAIMS', 'perhaps', 'ALLOW_UNSIGNED_CLAIMS: must be true or false, got "perhaps"'],
    ['RPC_URL', 'ws://secret', 'RPC_URL: must be a URL such as http://127.0.0.1:8545'],
    ['RPC_URL', 'http://a.example, secret', 'RPC_URL: must be a URL such as http://127.0.0.1:8545'],
    [
      'OTEL_EXPORTER_OTLP_ENDPOINT',
      'secret:4318',
      'OTEL_EXPORTER_OTLP_ENDPOINT: must be a URL such as http://127.0.0.1:4318',
    ],
    ['OTEL_TRACES_SAMPLER_ARG', '1.1', 'OTEL_TRACES_SAMPLER_ARG: must be a number from 0 to 1, got "1.1"'],
    ['OTEL_TRACES_SAMPLER_ARG', 'all', 'OTEL_TRACES_SAMPLER_ARG: must be a number from 0 to 1, got "all"'],
    ['RPC_REQUESTS_PER_SECOND', '501', 'RPC_REQUESTS_PER_SECOND: must be an integer from 5 to 500, got "501"'],
  ] as const)('says of %s=%s what is allowed', (name, value, expected) => {
    expect(() => parseEnv([name], { [name]: value })).toThrow(
      new Error(`The environment is not usable. Correct these variables, see docs/settings.md:\n  ${expected}`),
    )
  })
})
