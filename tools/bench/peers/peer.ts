import { stat } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { execa } from 'execa'
import { type ManagedProcess, startProcess } from '../../devnet/managedProcess.ts'
import type { BusyChain } from '../busyChain.ts'
import type { Fill } from './fill.ts'
import type { Questions } from './questions.ts'

/** What a peer runs on. */
export type Place = { chain: BusyChain; databaseUrl: string }

export type Running = {
  url: string
  /** The process that indexes. */
  indexer: ManagedProcess
  stop(): Promise<void>
}

export type Served = { url: string; part: ManagedProcess }

/** An indexer of the market's runs, with its API. */
export type Peer = {
  name: string
  questions: Questions
  /** Further questions of the same API, which only the reads ask. */
  others?: Record<string, Questions>
  /** How often it asks the node for a new block. */
  pollingMs: number
  /** What its indexer logs once it begins to index. */
  begins: RegExp
  /** Its tables, as SQL names them, for the counts after a kill. */
  tables: { run: string; agent: string }
  /** Inserts the runs of the session's temporary table `run` into its own table. */
  fill: Fill
  /** Installs and builds it, and creates its tables. */
  prepare?(place: Place): Promise<void>
  /** Starts its indexer and its API. */
  start(place: Place, onLine?: (line: string) => void): Promise<Running>
  /** Starts its API alone. */
  serve(place: Place): Promise<Served>
}

/** What the measurements with a chain need of a peer. */
export type LivePeer = Omit<Peer, 'fill' | 'serve'>

/** The folder of a peer's own package. */
export const folderOf = (name: string) => fileURLToPath(new URL(`${name}/`, import.meta.url))

/** Installs the pinned versions of a peer's lockfile, unless they are installed. @throws with npm's output. */
export async function install(folder: string): Promise<void> {
  const changedAt = async (file: string) => (await stat(`${folder}${file}`)).mtimeMs
  const installedAt = await changedAt('node_modules/.package-lock.json').catch(() => 0)
  if (installedAt > (await changedAt('package-lock.json'))) return
  console.log(`  npm install in ${folder}`)
  // Not `npm ci`: npm 11 misses Envio's packages for other platforms in the lockfile.
  await execa('npm', ['install', '--no-save', '--ignore-scripts', '--no-audit', '--no-fund'], {
    cwd: folder,
    timeout: INSTALL_TIMEOUT_MS,
  })
}

export const INSTALL_TIMEOUT_MS = 300_000

type Script = {
  name: string
  folder: string
  /** Arguments of node. */
  args: string[]
  env: Record<string, string | undefined>
  onLine?: ((line: string) => void) | undefined
}

/** Starts a script of a peer under the same Node as ours. */
export const startScript = ({ name, folder, args, env, onLine }: Script) =>
  startProcess({
    name,
    command: process.execPath,
    args,
    directory: folder,
    env: { NODE_ENV: 'production', ...env },
    onLine,
  })

/** Starts an API that prints its port. */
export async function startApiScript(script: Script): Promise<Served> {
  const part = await startScript(script)
  const [, port] = await part.saw(/listening on (?:port )?(\d+)/i, 60_000).catch(async (error) => {
    await part.stop()
    throw error
  })
  return { url: `http://127.0.0.1:${port}`, part }
}

/** An indexer and its API, which are two processes. */
export const joinProcesses = ({ url, part }: Served, indexer: ManagedProcess): Running => ({
  url,
  indexer,
  async stop() {
    await indexer.stop()
    await part.stop()
  },
})

/** The settings that tell a peer where the chain and the contracts are. */
export const chainEnv = ({ chain: { rpcUrl, deployment } }: Place) => ({
  RPC_URL: rpcUrl,
  BOUNTY_MARKET: deployment.contracts.BountyMarket.toLowerCase(),
  AGENT_STAKING: deployment.contracts.AgentStaking.toLowerCase(),
})
