import { GetPublicKeyCommand, KMSClient, SignCommand } from '@aws-sdk/client-kms'
import { secp256k1 } from '@noble/curves/secp256k1'
import { type Hex, isAddressEqual, keccak256, numberToHex, recoverAddress, serializeTransaction, toHex } from 'viem'
import { publicKeyToAddress } from 'viem/accounts'
import { type RemoteKey, UnusableKey } from './remoteKeys.ts'
import type { Signer } from './signing.ts'

/** All attempts of a signature together stay below the relay's timeout of a signature. */
const ATTEMPTS = 3
const CONNECTION_TIMEOUT_MS = 1_000
const ATTEMPT_TIMEOUT_MS = 1_400

/** The last bytes of a public key in DER, of a type that has one encoding: 0x04, x and y. */
const POINT_BYTES = 65

/** The errors of KMS that last until the settings are changed. */
const UNUSABLE = new Set([
  'NotFoundException',
  'InvalidArnException',
  'ValidationException',
  'InvalidKeyUsageException',
  'UnsupportedOperationException',
])

/**
 * Keys in AWS KMS. Region, credentials and endpoint are the SDK's own settings, such as `AWS_REGION`. To open a key throws an
 * error that names it if KMS does not return its public key.
 * @param keyIds ids, ARNs or aliases of keys of type ECC_SECG_P256K1.
 * @throws UnusableKey if there is no region.
 */
export async function awsKmsKeys(keyIds: readonly string[]): Promise<RemoteKey[]> {
  const requestHandler = {
    connectionTimeout: CONNECTION_TIMEOUT_MS,
    requestTimeout: ATTEMPT_TIMEOUT_MS,
    throwOnRequestTimeout: true,
  }
  const client = new KMSClient({ maxAttempts: ATTEMPTS, requestHandler })
  const region = await client.config.region().catch(() => undefined)
  if (!region) throw new UnusableKey('RELAYER_KMS_KEYS: the region of the keys is not known. Set AWS_REGION.')
  return keyIds.map((id) => ({ id, open: () => signerOf(client, id) }))
}

async function signerOf(client: KMSClient, keyId: string): Promise<Signer> {
  const address = await addressOf(client, keyId).catch((error) => {
    const advice = 'Check the key, the permission kms:GetPublicKey, AWS_REGION and the credentials.'
    const failure = `RELAYER_KMS_KEYS: KMS does not return the public key of ${keyId}. ${advice}`
    const isUnusable = error instanceof UnusableKey || UNUSABLE.has(error.name)
    throw new (isUnusable ? UnusableKey : Error)(failure, { cause: error })
  })

  /** KMS returns neither the parity of the public key's point nor always the low s that EIP-2 requires. */
  async function sign(digest: Hex) {
    const { Signature } = await client.send(
      new SignCommand({
        KeyId: keyId,
        Message: Buffer.from(digest.slice(2), 'hex'),
        MessageType: 'DIGEST',
        SigningAlgorithm: 'ECDSA_SHA_256',
      }),
    )
    if (!Signature) throw new Error(`KMS returned no signature of ${keyId}`)
    const { r, s } = secp256k1.Signature.fromDER(Signature).normalizeS()
    for (const yParity of [0, 1]) {
      const signature = { r: numberToHex(r, { size: 32 }), s: numberToHex(s, { size: 32 }), yParity }
      if (isAddressEqual(await recoverAddress({ hash: digest, signature }), address)) return signature
    }
    throw new Error(`KMS returned a signature of another key than ${keyId}, whose address is ${address}`)
  }

  return {
    address,
    async signTransaction(transaction) {
      return serializeTransaction(transaction, await sign(keccak256(serializeTransaction(transaction))))
    },
  }
}

async function addressOf(client: KMSClient, keyId: string) {
  const { PublicKey, KeySpec } = await client.send(new GetPublicKeyCommand({ KeyId: keyId }))
  if (!PublicKey || KeySpec !== 'ECC_SECG_P256K1') {
    throw new UnusableKey(`The key must be of type ECC_SECG_P256K1, and is of type ${KeySpec}`)
  }
  return publicKeyToAddress(toHex(PublicKey.subarray(-POINT_BYTES)))
}
