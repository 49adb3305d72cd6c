import { bigint, numeric, pgSchema, text, timestamp } from 'drizzle-orm/pg-core'
import type { Address } from 'viem'

/**
 * The parts of schema `content` that answers about runs and agents join, by the URIs that these name. Texts are no part of
 * a block: they may come and go without one.
 */
const content = pgSchema('content')

export const brief = content.table('brief', {
  uri: text().primaryKey(),
  title: text().notNull(),
  summary: text(),
  tags: text().array().notNull(),
  /** All members that a brief has, as JSON. */
  json: text().notNull(),
})

/** The words of the briefs, of which each has one row. */
export const briefWords = content.table('brief_words', { uri: text().notNull() })

export const registration = content.table('registration', {
  uri: text().primaryKey(),
  name: text().notNull(),
  description: text(),
})

/** Agents that offer to do a run. */
export const application = content.table('application', {
  bountyId: bigint({ mode: 'bigint' }).notNull(),
  agentId: numeric().notNull(),
  /** The wallet that signed it, as `posterAddress` of a run. */
  wallet: text().$type<Address>().notNull(),
  note: text().notNull(),
  appliedAt: timestamp({ withTimezone: true }).notNull(),
})
