import { Worker } from 'node:worker_threads'
import type { Level } from 'pino'
import { backfillAnswers } from '../../core/node/backfillAnswers.ts'
import { RESTART } from '../database/restart.ts'

export type StallWatch = {
  databaseUrl: string
  rpcUrls: string[]
  chainId: number
  /** The schema of the build's tables. */
  schema: string
  /** How long the index may be behind the chain without progress. */
  stallSeconds: number
  level: Level | 'silent'
}

export type WatchData = StallWatch & {
  /** Its only element is the number of the backfill's answers so far. */
  answers: Int32Array
}

/** The thread loads its own modules, without this process's hooks. */
const cheapImports = new URL('../../core/cheapImports.ts', import.meta.url).href

/**
 * Ends this process, in an orderly way and with the exit code that asks for a restart, when the index stops following
 * the chain, or when a reorg removed a finalized block. If the process cannot do so, because its event loop is blocked, the watching thread kills it.
 */
export function endAtStall(watch: StallWatch): void {
  const answers = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT))
  backfillAnswers.subscribe(() => Atomics.add(answers, 0, 1))
  const workerData: WatchData = { ...watch, answers }
  const worker = new Worker(new URL('worker.ts', import.meta.url), { workerData, execArgv: ['--import', cheapImports] })
  worker.unref()
  worker.once('message', () => {
    process.once('exit', () => {
      process.exitCode = RESTART
    })
    process.emit('SIGINT', 'SIGINT')
  })
}
