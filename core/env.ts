import { readFileSync } from 'node:fs'
import type { z } from 'zod'
import { deployingSettings, devnetSettings } from './settings/commands.ts'
import { auditSettings, indexerSettings } from './settings/indexer.ts'
import { relaySettings } from './settings/relay.ts'
import { servingSettings } from './settings/serving.ts'
import { sharedSettings } from './settings/shared.ts'

/** The settings that the API reads. */
const apiEnvironment = sharedSettings.extend(servingSettings.shape).extend(relaySettings.shape)

export const apiSettings = apiEnvironment.keyof().options

/** All environment variables. Each process reads those that it names to `readEnv`, and nothing else reads any. */
const environment = apiEnvironment
  .extend(indexerSettings.shape)
  .extend(auditSettings.shape)
  .extend(deployingSettings.shape)
  .extend(devnetSettings.shape)

export const allSettings = environment.keyof().options

type Environment = z.infer<typeof environment>

/**
 * Variables whose values may contain a key or a password. No error shows them, and each may be in a file instead, which
 * the variable with `_FILE` names, as Docker, Kubernetes and systemd mount secrets.
 */
const secret = /KEY$|URL$|ENDPOINT$/

/** Values of the settings that have no default. */
const examples: Record<string, string> = {
  DATABASE_URL: 'postgres://runline:password@127.0.0.1:5432/runline',
  DEPLOYER_PRIVATE_KEY: '0x and 64 hexadecimal digits',
  OWNER: '0x90F79bf6EB2c4f870365E785982E1f101E93b906',
  TREASURY: '0x90F79bf6EB2c4f870365E785982E1f101E93b906',
}

/**
 * Reads the named variables of this process. If one is invalid, it prints which and why, and the process ends with 1.
 * An empty variable counts as absent.
 */
export function readEnv<const Name extends keyof Environment>(names: readonly Name[]): Pick<Environment, Name> {
  try {
    return parseEnv(names, process.env)
  } catch (error) {
    console.error((error as Error).message)
    process.exit(1)
  }
}

/** The variable's value, or the content of its file without the line break at its end. */
function readVariable(name: string, source: Record<string, string | undefined>): string | undefined {
  const file = secret.test(name) && source[`${name}_FILE`]
  if (!file) return source[name] || undefined
  if (source[name]) throw new Error(`${name} and ${name}_FILE are both set. Remove one of them.`)
  try {
    return readFileSync(file, 'utf8').trim()
  } catch (error) {
    throw new Error(`${name}_FILE: cannot read ${JSON.stringify(file)}: ${(error as Error).message}`)
  }
}

/**
 * `readEnv`, for other variables than those of this process.
 * @throws an error with a line for each invalid variable: its value, unless that may be secret, and what is allowed.
 */
export function parseEnv<const Name extends keyof Environment>(
  names: readonly Name[],
  source: Record<string, string | undefined>,
): Pick<Environment, Name> {
  const present = Object.fromEntries(names.map((name) => [name, readVariable(name, source)]))
  const mask = Object.fromEntries(names.map((name) => [name, true])) as Record<Name, true>
  const parsed = environment.pick(mask as never).safeParse(present)
  if (parsed.success) return parsed.data as Pick<Environment, Name>
  const lines = parsed.error.issues.map(({ path: [name], message }) => {
    const value = present[String(name)]
    if (value === undefined)
      return `  ${String(name)}: is missing. Set it, such as ${String(name)}=${examples[String(name)]}`
    return `  ${String(name)}: ${message}${secret.test(String(name)) ? '' : `, got ${JSON.stringify(value)}`}`
  })
  throw new Error(`The environment is not usable. Correct these variables, see docs/settings.md:\n${lines.join('\n')}`)
}
