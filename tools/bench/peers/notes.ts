/** How the peers are compared, and what each does better. */
export const notes = [
  `How: all peers index the same chain from its first block, one after the other. Then each follows it in turn, ours first,
and the chain grows. Each polls every 100 ms but Envio, which has no setting for it and polls every second. All share one
PostgreSQL, which does not sync to disk: that helps the poller most, for it commits each event. Peers keep the runs with an
index per filter and the agents; Runline also keeps timelines, bands of counts, days, and recent blocks.`,
  `Backfill: from the line in which an indexer says that it begins, until its API answers the chain's last run. Runline, Ponder
and Subsquid may send 500 requests a second: Ponder has no setting for this, so its own constant of 20 is replaced. Envio
and the poller have no limit. The blocks with events follow each other, so one request brings many events.`,
  `Reads: the same list is the newest 20 runs, the filtered list state=OPEN&minReward= with another amount in each request, the mix
lists with filters, orders and pages of all kinds. Each has its exact total. Their tables are loaded, then the
newest 30 % of the runs change twice, and only autovacuum vacuums and analyses them.`,
  `From block to answer: until GET of the block's run answers it as approved, asked every 2 ms. Polling bounds it.`,
  `Torn answers: a list whose total is not its newest id, or that has a run in the middle of a block's events. Ponder's
and Envio's routes send two statements, which may see two blocks. The poller commits each event.`,
  `Kills: the poller writes a batch and then its cursor, so that a batch is written again after a kill. A team that puts
both in one transaction loses nothing by a kill. A reorg leaves its rows as they were.`,
  `Subsquid backfills in batches: it reads the rows of many blocks once, changes them in memory and writes them once. It
gives up a state per event: a handler sees a batch, a crash repeats all of it, and a row that two events of a batch change
is only ever seen after both.`,
  `After a reorg, Ponder has fewer rows to revert than Runline, and it does not refuse reads: an answer may mix rows of both
chains. Subsquid detects a reorg in the next block, which follows after a second here. Envio compares the parent of a new
block with its own cached copy of that block, so over RPC a reorg of blocks that it has loaded stays undetected ("never":
not within 20 s, in which blocks follow).`,
  `By id, a bare route over Envio's tables does less per request than our API: no cache, limits, headers or block. Envio's
own GraphQL (Hasura, a container) and its HyperSync are not measured; nor is Subsquid's archive. All run over RPC.`,
]
