// `npm run abandon:claims -- --claim <id> | --signer <address> [--yes]`: abandons an unmined claim or action, or all unmined
// transactions of a signer whose key was removed. Other claims of the same runs can then proceed.
import { parseArgs } from 'node:util'
import type pg from 'pg'
import { type Address, getAddress, type Hex, isAddress, isHash } from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import { readEnv } from '../core/env.ts'
import { importOptional } from '../core/importOptional.ts'
import {
  type Abandonable,
  abandonOne,
  abandonSigner,
  findAbandonable,
  findUnmined,
} from '../src/api/relay/abandonment.ts'
import { confirm } from './confirm.ts'
import { connectCommand } from './database/connect.ts'
import { runCommand } from './runCommand.ts'

const warning = `A transaction that a node has may still be mined. An abandoned claim then wins on chain, the run
shows it, and a claim that another agent sent in between reverts at the relayer's cost.`

const env = readEnv(['DATABASE_URL', 'RELAYER_PRIVATE_KEY', 'RELAYER_KMS_KEYS'])

/** The addresses of the keys with which the relay signs. */
async function readSigners(): Promise<Address[]> {
  const local = (env.RELAYER_PRIVATE_KEY ?? []).map((key) => privateKeyToAccount(key).address)
  if (!env.RELAYER_KMS_KEYS) return local
  const load = () => import('../src/api/relay/sender/keys/awsKms.ts')
  const { awsKmsKeys } = await importOptional('RELAYER_KMS_KEYS', load)
  const remote = await Promise.all((await awsKmsKeys(env.RELAYER_KMS_KEYS)).map((key) => key.open()))
  return [...local, ...remote.map(({ address }) => address)]
}

async function abandonById(client: pg.Client, claimId: string, yes: boolean) {
  if (!isHash(claimId))
    throw new Error(`--claim must be the id of a claim or action, 0x and 64 hexadecimal digits, got ${claimId}`)
  const id = claimId.toLowerCase() as Hex
  const found = await findAbandonable(client, id)
  if (!found) throw new Error(`No claim or action ${id} is stored in schema relay of DATABASE_URL`)
  if (found.state !== 'open') throw new Error(`${id} is already decided: ${found.state}`)
  console.log('This will be refused as CLAIM_REVERTED or ACTION_REVERTED, so that others can proceed:')
  console.log(`${lineOf(found)}\n${warning}`)
  if (!yes) await confirm('Abandon?', 'Nothing was changed')
  if (!(await abandonOne(client, id)))
    throw new Error(`${id} has been decided since you were asked; nothing was changed`)
  console.log('Abandoned 1. The relay still fills its nonce, unless its transaction is mined first.')
}

async function abandonAllOfSigner(client: pg.Client, address: string, yes: boolean) {
  if (!isAddress(address)) throw new Error(`--signer must be an address, got ${address || 'nothing'}`)
  const signer = getAddress(address)
  if ((await readSigners()).includes(signer)) {
    throw new Error(
      `The key of ${signer} is in RELAYER_PRIVATE_KEY or RELAYER_KMS_KEYS, so the relay still sends its transactions. ` +
        'Remove the key from every replica first, or abandon a single claim with --claim',
    )
  }
  const { transactions, open } = await findUnmined(client, signer)
  if (transactions === 0)
    throw new Error(`Signer ${signer} has no unmined transactions in schema relay of DATABASE_URL`)
  console.log(`${transactions} unmined transactions of ${signer} will not be sent again, and their
${open.length} open claims and actions will be refused as CLAIM_REVERTED or ACTION_REVERTED:`)
  for (const one of open) console.log(lineOf(one))
  console.log(`Do this only for a signer whose key no replica has.\n${warning}`)
  if (!yes) await confirm('Abandon?', 'Nothing was changed')
  console.log(`Abandoned ${await abandonSigner(client, signer)} claims and actions of ${signer}.`)
}

const lineOf = ({ id, what, txHash, age }: Abandonable) =>
  `  ${id}: ${what}, transaction ${txHash}, signed ${age} s ago`

await runCommand(async () => {
  await using client = await connectCommand(env.DATABASE_URL)
  const options = { claim: { type: 'string' }, signer: { type: 'string' }, yes: { type: 'boolean' } } as const
  const { claim, signer, yes = false } = parseArgs({ options }).values
  if (claim !== undefined && signer === undefined) await abandonById(client, claim, yes)
  else if (signer !== undefined && claim === undefined) await abandonAllOfSigner(client, signer, yes)
  else throw new Error('Name either --claim <id> or --signer <address>')
})
