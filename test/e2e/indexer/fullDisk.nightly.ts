// docs/runbook.md, "The disk is full": PostgreSQL on a small disk of its own.
import { globSync } from 'node:fs'
import { mkdtemp, rm, rmdir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { execa } from 'execa'
import { afterAll, expect, test } from 'vitest'
import { connect } from '../../../ops/database/connect.ts'
import { accountOf, keyOf, roles } from '../../../tools/devnet/accounts.ts'
import { startApi } from '../../../tools/devnet/api.ts'
import { defaultTerms } from '../../../tools/devnet/defaultTerms.ts'
import { startIndexer } from '../../../tools/devnet/indexer.ts'
import { startPostgres } from '../../../tools/devnet/postgres.ts'
import { registerCleanup } from '../../../tools/devnet/registerCleanup.ts'
import { findDisorder, readLedger } from '../../support/claimLedger.ts'
import { freshDatabase } from '../../support/database.ts'
import { startMarketOnAnvil } from '../../support/marketOnAnvil.ts'
import { type Agent, participantsOf, usdc } from '../../support/participants.ts'
import { claimApi, codeOf } from '../claims/claimApi.ts'
import { startIndexOf } from './indexOf.ts'
import { expectPauses, PAUSES, superviseIndexer } from './supervisedIndexer.ts'

/**
 * Mounts an empty disk in memory, which every user may write to. It is unmounted even if this process is killed.
 * @returns undefined where this user may not mount one.
 */
async function mountSmallDisk(megabytes: number) {
  const path = await mkdtemp(join(tmpdir(), 'runline-disk-'))
  const options = `size=${megabytes}m,mode=1777`
  if ((await execa('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', path], { reject: false })).failed) {
    await rmdir(path)
    return undefined
  }
  registerCleanup({ mounted: path })
  return {
    path,
    async unmount() {
      await execa('umount', ['--lazy', path])
      await rmdir(path)
    },
  }
}

/** A new server takes a quarter of it. */
const DISK_MEGABYTES = 200

const disk = await mountSmallDisk(DISK_MEGABYTES)
if (disk === undefined) console.warn('The test of a full disk is skipped: it needs the right to mount a file system.')
afterAll(() => disk?.unmount())

/** For how long, and how often at least, the indexer is started again while the disk is full. */
const FULL_MS = 1_000 * Number(process.env.FULL_DISK_SECONDS ?? 20)
const STARTS = 3

/** A checkpoint on a disk without a free byte is a PANIC of PostgreSQL, which ends all sessions: nothing can be read then. */
const CHECKPOINT_TIMEOUT = '1d'

/** A pool would close a connection without a query for so long, by default. */
const IDLE_MS = 11_000

/** Fills what is free. @returns the path of the file that does. */
async function fillDisk(): Promise<string> {
  const filler = join(String(disk?.path), 'filler')
  const args = ['if=/dev/zero', `of=${filler}`, 'bs=4k', 'oflag=append', 'conv=notrunc']
  const { stderr } = await execa('dd', args, { reject: false })
  expect(stderr).toContain('No space left on device')
  return filler
}

/**
 * Lets PostgreSQL refuse each new session until it has space for this file, which any change of its own tables removes, such as
 * an automatic VACUUM.
 */
async function refuseSessions(databaseUrl: string) {
  const files = globSync(join(String(disk?.path), '*/{global,base/*}/pg_internal.init'))
  expect(files).not.toEqual([])
  for (const file of files) await rm(file)
  await fillDisk()
  await expect(connect(databaseUrl)).rejects.toThrow('could not write init file')
}

async function newest(apiUrl: string) {
  const response = await fetch(`${apiUrl}/api/runs`)
  return { status: response.status, block: response.headers.get('X-Indexed-Block') }
}

/** Claims one run after the other: the first ones may still fit into pages that the database has. */
async function claimUntilRefused({ claim }: ReturnType<typeof claimApi>, agent: Agent) {
  for (let runId = 1n; ; runId++) {
    const answer = await claim(runId, agent, {}, { Prefer: 'wait=0' })
    if (answer.status !== 200 && answer.status !== 202) return answer
  }
}

test.skipIf(disk === undefined)(
  'on a full disk, where PostgreSQL refuses sessions, readers get the last answers, claims get 503, the indexer exits with 75 at each start, and one with free space has all rows',
  { timeout: 240_000 + FULL_MS },
  async () => {
    await using parts = new AsyncDisposableStack()
    const chain = await startMarketOnAnvil()
    parts.defer(chain.stop)
    const poster = accountOf(2).address
    await chain.fund(poster)
    const postgres = await startPostgres({ parent: disk?.path, settings: { checkpoint_timeout: CHECKPOINT_TIMEOUT } })
    parts.defer(postgres.stop)
    const databaseUrl = await postgres.createDatabase()
    const agent = await participantsOf(chain).newAgent(accountOf(3), 10_000n * usdc)
    const connections = { ...chain, databaseUrl }
    const indexer = await startIndexer(connections)
    parts.defer(indexer.stop)
    await indexer.part.saw(/Readers see this build/, 60_000)
    const api = await startApi({
      ...connections,
      relayerKey: keyOf(roles.relayer),
      allowUnsignedClaims: true,
    })
    parts.defer(api.stop)

    let isOver = false
    const posting = (async () => {
      const { timestamp } = await chain.client.getBlock()
      const terms = ['ipfs://run', 10_000_000n, timestamp + 86_400n, defaultTerms] as const
      while (!isOver) await chain.market.write.postBounty(terms, { account: poster })
    })()
    parts.defer(() => posting)
    const filler = await fillDisk()
    expect(await indexer.part.ended).toBe('exited with code 75')
    expect(indexer.part.output()).toContain('No space left on device')
    isOver = true
    await posting
    const before = await newest(api.url)
    expect(before.status).toBe(200)
    await refuseSessions(databaseUrl)
    await sleep(IDLE_MS)
    const supervised = superviseIndexer(chain, databaseUrl, PAUSES)
    parts.defer(supervised.stop)
    for (const end = Date.now() + FULL_MS; Date.now() < end || supervised.ends.length < STARTS; await sleep(100))
      expect(await newest(api.url)).toEqual(before)
    expectPauses(supervised.ends)
    await supervised.stop()
    const refused = await claimUntilRefused(claimApi(api.url), agent)
    expect(codeOf(refused)).toEqual([503, 'RELAY_UNAVAILABLE'])

    await rm(filler)
    const relayer = accountOf(roles.relayer).address
    // What was accepted is made once.
    await expect
      .poll(async () => findDisorder(await readLedger({ ...chain, databaseUrl }, [relayer])), { timeout: 30_000 })
      .toEqual([])
    const resumed = await startIndexOf(chain, databaseUrl)
    parts.defer(resumed.stop)
    const undisturbed = await startIndexOf(chain, await freshDatabase())
    parts.defer(undisturbed.stop)
    const rows = await resumed.tables()
    expect(BigInt(rows.runs.length)).toBe(await chain.market.read.bountyCount())
    expect(rows).toEqual(await undisturbed.tables())
  },
)
