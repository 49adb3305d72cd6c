import { CID } from 'multiformats/cid'
import * as raw from 'multiformats/codecs/raw'
import { sha256 } from 'multiformats/hashes/sha2'

/** The CID of the bytes: version 1, codec raw, sha2-256, in base32. */
export async function cidOf(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  return CID.createV1(raw.code, await sha256.digest(bytes)).toString()
}

/** What a run names. */
export const uriOf = (cid: string): string => `ipfs://${cid}`

/** Whether `cidOf` may return the text for some bytes. Other CIDs, also other forms of the same one, name nothing here. */
export function isStorableCid(text: string): boolean {
  try {
    const cid = CID.parse(text)
    const { code, size } = cid.multihash
    return cid.version === 1 && cid.code === raw.code && code === sha256.code && size === 32 && cid.toString() === text
  } catch {
    return false
  }
}
