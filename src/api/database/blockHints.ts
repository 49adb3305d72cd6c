import type { Logger } from 'pino'
import { listenTo, type Notifications } from './notifications.ts'

type Options = {
  /** Of the primary. */
  url: string
  /** The schema of the views that the indexer keeps for readers. */
  schema: string
  logger: Logger
}

/** Listens to what Ponder notifies when it has committed a live block (of reverted rows it tells nothing). */
export const listenForBlocks = ({ url, schema, logger }: Options): Notifications =>
  listenTo({ url, channel: `${schema}_live_query`, logger })
