import type { Logger } from 'pino'
import { reasonOf } from '../../../../../core/describeError.ts'
import { repeat } from '../../../../../core/repeat.ts'
import type { Signer } from './signing.ts'

/** How often a key store that did not return a public key is asked again. */
const RETRY_MS = 5_000

/** A key that is not in this process. Its address is not known before its store answers. */
export type RemoteKey = {
  /** Its name in the settings. */
  id: string
  /** @throws UnusableKey if there is no such key, so that waiting does not help. */
  open: () => Promise<Signer>
}

/** The key does not exist, or cannot sign transactions: the settings are wrong. */
export class UnusableKey extends Error {}

/** A key whose store has not returned its public key yet, and why. */
export type AbsentKey = { id: string; reason: string }

/**
 * Opens each key once. The process must also start while their store is away: reads and other keys do not need it.
 * @throws UnusableKey
 */
export async function openRemoteKeys(keys: readonly RemoteKey[], logger: Logger) {
  const absent = new Map<RemoteKey, string>()

  function storeAbsence(key: RemoteKey, error: unknown) {
    const reason = reasonOf(error)
    if (absent.get(key) !== reason) logger.error({ key: key.id, err: error }, 'a key of the relayer is absent')
    absent.set(key, reason)
  }

  const opened = await Promise.all(
    keys.map((key) =>
      key.open().catch((error) => {
        if (error instanceof UnusableKey) throw error
        storeAbsence(key, error)
      }),
    ),
  )

  return {
    /** The signers of the keys that opened at once. */
    signers: opened.filter((signer) => signer !== undefined),

    absent: (): AbsentKey[] => [...absent].map(([{ id }, reason]) => ({ id, reason })),

    /**
     * Opens the other keys as soon as their store answers.
     * @param add stores the signer, before it is used. If it fails, the key stays absent.
     * @returns a function that stops this.
     */
    openAbsent(add: (signer: Signer) => Promise<void>) {
      const open = async (key: RemoteKey) => {
        await add(await key.open())
        absent.delete(key)
        logger.info({ key: key.id }, 'a key of the relayer is no longer absent')
      }
      return repeat(RETRY_MS, async () => {
        await Promise.all([...absent.keys()].map((key) => open(key).catch((error) => storeAbsence(key, error))))
      })
    },
  }
}
