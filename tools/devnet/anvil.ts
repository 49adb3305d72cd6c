import { createRequire } from 'node:module'
import { type ManagedProcess, startReady } from './managedProcess.ts'

export type AnvilOptions = {
  /** A free port if absent. */
  port?: number | undefined
  /** 31337 if absent. */
  chainId?: number
  /** Seconds between blocks; if absent, a block for each transaction. */
  blockTime?: number
  /** Timestamp of the genesis block in seconds, from which the clock continues; now if absent. */
  timestamp?: number
  /** How many accounts of the test mnemonic hold ETH; 10 if absent. */
  accounts?: number
  /** Further flags of the Anvil command line. */
  flags?: readonly string[]
}

export type Anvil = {
  part: ManagedProcess
  rpcUrl: string
  stop(): Promise<void>
}

/**
 * Starts Anvil and waits until it listens.
 * @throws with Anvil's output if it does not start, for instance because the port is in use.
 */
export async function startAnvil(options: AnvilOptions = {}): Promise<Anvil> {
  const { port = 0, chainId = 31337, blockTime, timestamp, accounts, flags = [] } = options
  const settings = { '--block-time': blockTime, '--timestamp': timestamp, '--accounts': accounts }
  const given = Object.entries(settings).filter(([, value]) => value !== undefined)
  const { part, match } = await startReady(
    {
      name: 'Anvil',
      command: anvilBinary(),
      args: ['--port', port, '--chain-id', chainId, ...given.flat(), ...flags].map(String),
    },
    /^Listening on 127\.0\.0\.1:(\d+)$/,
    15_000,
  )
  return { part, rpcUrl: `http://127.0.0.1:${match[1]}`, stop: part.stop }
}

/** The native binary. npm's wrapper would be one more process, and would report a crash of Anvil as success. */
function anvilBinary(): string {
  const architecture = process.arch === 'x64' ? 'amd64' : process.arch
  const wrapper = createRequire(createRequire(import.meta.url).resolve('@foundry-rs/anvil/package.json'))
  return wrapper.resolve(`@foundry-rs/anvil-${process.platform}-${architecture}/bin/anvil`)
}
