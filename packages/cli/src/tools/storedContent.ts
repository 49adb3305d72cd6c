import { complaintOfUri } from '../../../../core/content.ts'
import type { RunlineClient } from '../../../client/src/index.ts'
import { CommandError } from '../commandError.ts'
import type { Given } from './tool.ts'

/**
 * The URI that a model gave, or that of the content that it gave instead, once that is stored.
 * @param name the input that is the URI.
 * @throws CommandError unless one of the two is given. Else as `content.post` of the client.
 */
export async function readUri(given: Given, name: string, runline: RunlineClient): Promise<string> {
  const { [name]: uri, content } = given
  if ((uri === undefined) === (content === undefined))
    throw new CommandError('VALIDATION_FAILED', `Give ${name} or content, and not both.`)
  if (content !== undefined) return runline.content.post(content as object | string)
  const complaint = complaintOfUri(String(uri))
  if (complaint) throw new CommandError('VALIDATION_FAILED', `${complaint} Give the text as content, which is stored.`)
  return String(uri)
}
