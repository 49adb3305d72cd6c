import { readFileSync, statSync } from 'node:fs'
import { type PrivateKeyAccount, privateKeyToAccount } from 'viem/accounts'
import { CommandError } from './commandError.ts'
import type { Settings } from './settings.ts'

/**
 * The account of the private key in `--key-file`, or else in RUNLINE_KEY. Not of an argument: other users of the
 * machine can read those, and shells store them. No error shows the value, which may be a key with a typing error.
 */
export function readAccount({ keyFile }: Pick<Settings, 'keyFile'>): PrivateKeyAccount {
  const source = keyFile === undefined ? 'RUNLINE_KEY' : `The key file ${keyFile}`
  const text = (keyFile === undefined ? process.env.RUNLINE_KEY : readKeyFile(keyFile))?.trim()
  if (!text) {
    throw new CommandError('NO_KEY', `${source} has no private key. Set RUNLINE_KEY, or name a file with --key-file.`)
  }
  const digits = text.replace(/^0x/, '')
  if (!/^[0-9a-fA-F]{64}$/.test(digits)) {
    throw new CommandError(
      'INVALID_KEY',
      `${source} has no private key, which is 64 hexadecimal digits: it has ${digits.length} characters. Correct it.`,
    )
  }
  try {
    return privateKeyToAccount(`0x${digits}`)
  } catch {
    throw new CommandError('INVALID_KEY', `${source} has a number that is no key of the curve secp256k1. Replace it.`)
  }
}

function readKeyFile(path: string): string {
  try {
    warnIfShared(path)
    return readFileSync(path, 'utf8')
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new CommandError('NO_KEY', `The key file ${path} cannot be read: ${reason}. Correct --key-file.`, { cause })
  }
}

/** Windows has no such permissions: there every file seems open to all. */
function warnIfShared(path: string) {
  if (process.platform === 'win32') return
  const permissions = statSync(path).mode & 0o777
  if ((permissions & 0o044) === 0) return
  const mode = permissions.toString(8)
  console.error(`warning: other users of this machine may read the key file ${path} (mode ${mode}): chmod 600 ${path}`)
}
