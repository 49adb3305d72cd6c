import { classifyReadError } from '../../../core/database/failures.ts'
import type { NamedContent } from '../board/namedContent.ts'
import { isStorableCid } from '../content/cid.ts'
import type { Deps } from '../deps.ts'

const SCHEME = 'ipfs://'

/** Reads what runs name. A page is shown also while the database of the content does not answer. */
export const createContentReader =
  ({ content, logger }: Pick<Deps, 'content' | 'logger'>) =>
  async (uri: string | null): Promise<NamedContent> => {
    const cid = uri?.startsWith(SCHEME) ? uri.slice(SCHEME.length) : ''
    if (!content || !isStorableCid(cid)) return undefined
    try {
      const found = await content.read(cid)
      if (found === undefined || found === 'blocked') return found
      return { mediaType: found.mediaType, text: new TextDecoder().decode(found.bytes) }
    } catch (err) {
      if (!classifyReadError(err)) throw err
      logger.warn({ err, cid }, 'cannot read content for a page')
      return 'unreadable'
    }
  }
