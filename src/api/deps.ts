import type { Logger } from 'pino'
import type { IndexReader } from './queries/indexReader.ts'

/** What the app is made of. A host builds it; nothing of it exists at import. */
export type Deps = {
  index: IndexReader
  logger: Logger
}
