import { createECDH, createHash, createPublicKey } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { secp256k1 } from '@noble/curves/secp256k1'
import type { Hex } from 'viem'

/** An answer of KMS instead of a signature; `silent`: none. */
type Fault = { status: number; type: string } | 'silent'

/**
 * A server with the JSON 1.1 protocol of AWS KMS and one key. Every second signature has a high s, as those of KMS.
 * @param at its port; a free one if absent.
 */
export async function startFakeKms(keyId: string, privateKey: Hex, at = 0) {
  const secret = Buffer.from(privateKey.slice(2), 'hex')
  const requests: string[] = []
  const faults: Fault[] = []
  let constantFault: Fault | undefined
  let signatures = 0

  function answer(operation: string, body: { KeyId: string; [name: string]: unknown }) {
    if (body.KeyId !== keyId) return { status: 400, answer: { __type: 'NotFoundException', message: 'no such key' } }
    if (operation === 'TrentService.GetPublicKey') {
      const PublicKey = publicKeyOf(secret).toString('base64')
      return { status: 200, answer: { KeyId: keyId, KeySpec: 'ECC_SECG_P256K1', KeyUsage: 'SIGN_VERIFY', PublicKey } }
    }
    const { Message, MessageType, SigningAlgorithm } = body
    if (operation !== 'TrentService.Sign' || MessageType !== 'DIGEST' || SigningAlgorithm !== 'ECDSA_SHA_256') {
      return { status: 400, answer: { __type: 'ValidationException', message: `${operation} ${MessageType}` } }
    }
    const low = secp256k1.sign(Buffer.from(String(Message), 'base64'), secret, { lowS: true })
    const isHigh = signatures++ % 2 === 0
    const signature = isHigh ? new secp256k1.Signature(low.r, secp256k1.CURVE.n - low.s) : low
    const Signature = Buffer.from(signature.toDERRawBytes()).toString('base64')
    return { status: 200, answer: { KeyId: keyId, Signature, SigningAlgorithm } }
  }

  const server = createServer(async (request, response) => {
    const operation = String(request.headers['x-amz-target'])
    requests.push(operation)
    const body = JSON.parse((await request.toArray()).join(''))
    const fault = faults.shift() ?? constantFault
    if (fault === 'silent') return
    const { status, answer: content } = fault
      ? { status: fault.status, answer: { __type: fault.type, message: `The fake answers ${fault.type}` } }
      : answer(operation, body)
    response.writeHead(status, { 'Content-Type': 'application/x-amz-json-1.1' }).end(JSON.stringify(content))
  })
  server.listen(at, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo

  return {
    /** The operations of all requests. */
    requests,
    signatures: () => signatures,
    /** The SDK's own settings, for this server. */
    env: {
      AWS_ENDPOINT_URL_KMS: `http://127.0.0.1:${port}`,
      AWS_REGION: 'eu-central-1',
      AWS_ACCESS_KEY_ID: 'fake',
      AWS_SECRET_ACCESS_KEY: createHash('sha256').update(keyId).digest('hex'),
    },
    /** The next requests fail so, one each. */
    failNext: (...next: Fault[]) => faults.push(...next),
    /** All requests fail so, until it is called without a fault. */
    failAlways(fault?: Fault) {
      constantFault = fault
    },
    async stop() {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}

/** DER of the SubjectPublicKeyInfo. */
function publicKeyOf(secret: Buffer): Buffer {
  const ecdh = createECDH('secp256k1')
  ecdh.setPrivateKey(secret)
  const point = ecdh.getPublicKey()
  const [x, y] = [point.subarray(1, 33), point.subarray(33)].map((half) => half.toString('base64url'))
  const jwk = { kty: 'EC', crv: 'secp256k1', x: String(x), y: String(y) }
  return createPublicKey({ key: jwk, format: 'jwk' }).export({ format: 'der', type: 'spki' })
}
