import { readFileSync } from 'node:fs'
import { Option } from 'commander'
import { complaintOfUri } from '../../../../core/content.ts'
import { contentUri } from '../../../client/src/content.ts'
import type { Context } from '../action.ts'
import { CommandError } from '../commandError.ts'
import { openReader } from '../session.ts'

/** `file`: what is stored and named instead of a URI. `unchecked`: the text may be no URI. */
export type NamedOptions = { file?: string; unchecked?: boolean }

export const fileOption = () => new Option('--file <path>', 'store this file for all to read, and name it')
export const uncheckedOption = () => new Option('--unchecked', 'name the text although it is no URI')

/**
 * The URI that the user gave, or that of the file, once it is stored. @throws CommandError unless it is one of the two.
 * @param store how the file is stored.
 */
export async function namedText(
  context: Context<NamedOptions>,
  uri: string | undefined,
  store: 'post' | 'postBrief' = 'post',
): Promise<string> {
  const { file, unchecked, dryRun, output } = context
  if ((uri === undefined) === (file === undefined)) {
    throw new CommandError('NO_TEXT', 'Give a URI, such as ipfs://…, or a file, and not both.')
  }
  if (file !== undefined) {
    const text = readText(file)
    if (dryRun) return contentUri(text)
    const stored = await openReader(context).content[store](text)
    output.line(`store ${file}: ${stored}`)
    return stored
  }
  const complaint = unchecked ? undefined : complaintOfUri(String(uri))
  if (complaint) throw new CommandError('NO_URI', `${complaint} Name a file with --file, or add --unchecked.`)
  return String(uri)
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new CommandError('NO_FILE', `The file ${path} cannot be read: ${reason}. Correct its path.`, { cause })
  }
}
