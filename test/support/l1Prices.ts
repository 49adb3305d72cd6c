import { type Address, type Hex, numberToHex, parseGwei } from 'viem'
import { readArtifact } from '../../ops/readArtifact.ts'
import { createAnvilClient } from '../../tools/devnet/anvilClient.ts'

/** The predeploys of the OP Stack: Anvil's `--network optimism` charges by the first, and clients ask the second. */
const L1_BLOCK: Address = '0x4200000000000000000000000000000000000015'
const GAS_PRICE_ORACLE: Address = '0x420000000000000000000000000000000000000F'

/** In millionths, about as large as those of Base. */
const BASE_FEE_SCALAR = 2_000n
const BLOB_FEE_SCALAR = 1_000_000n

/** L1's base fee and blob fee, in gwei. */
type L1Prices = { base: string; blob: string }

/**
 * Makes an Anvil with `--network optimism` charge for the data that a transaction has on L1, and puts an oracle of the same
 * prices at its predeploy. The oracle does not compress the data, so its answers are upper bounds.
 */
export async function setL1Prices(rpcUrl: string, { base, blob }: L1Prices): Promise<void> {
  const client = createAnvilClient(rpcUrl)
  const set = (address: Address, index: number, value: bigint) =>
    client.setStorageAt({ address, index: word(BigInt(index)), value: word(value) })
  // The layout of L1Block since Ecotone; slot 3 has both scalars above a counter of 64 bits.
  await set(L1_BLOCK, 1, parseGwei(base))
  await set(L1_BLOCK, 3, (BASE_FEE_SCALAR << 96n) | (BLOB_FEE_SCALAR << 64n))
  await set(L1_BLOCK, 7, parseGwei(blob))
  await client.setCode({
    address: GAS_PRICE_ORACLE,
    bytecode: readArtifact('GasPriceOracle').deployedBytecode.object,
  })
  await set(GAS_PRICE_ORACLE, 0, parseGwei(base))
  await set(GAS_PRICE_ORACLE, 1, parseGwei(blob))
  await set(GAS_PRICE_ORACLE, 2, (BLOB_FEE_SCALAR << 32n) | BASE_FEE_SCALAR)
}

const word = (value: bigint): Hex => numberToHex(value, { size: 32 })
