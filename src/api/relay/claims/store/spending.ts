import { addSpending, type Subjects } from '../../store/spending.ts'

/** `fees`: what the agent's completed runs have paid, in USDC base units. */
type Named = { wallet: string; agentId: bigint; poster: string; fees: bigint }

/** A claim's subjects: those of a claim that fees do not cover, and that of another. */
export const namesOf = ({ wallet, agentId, poster, fees }: Named): Subjects => ({
  shared: [`wallet ${wallet}`, `agent ${agentId}`, `poster ${poster}`, 'newcomers'],
  covers: [{ name: `fees ${agentId}`, fees }],
})

/** The same of a row of claims, as `named`: those of a claim that fees cover, and those of another. */
const subjectsOf = (
  row: string,
) => `LATERAL (VALUES ('wallet ' || ${row}.wallet, false), ('agent ' || ${row}.agent_id, false),
  ('poster ' || ${row}.poster, false), ('newcomers', false), ('fees ' || ${row}.agent_id, true)) AS named (subject, is_paid)`

/**
 * Counts the costs of mined transactions for the subjects of their claims, in equal parts: the claims of a transaction take
 * about the same gas. It follows `changed` of `Effect`.
 */
export const countSpending = `
  cost AS (
    SELECT claim.wallet, claim.agent_id, claim.poster, claim.is_paid, ceil(changed.fee / count(*) OVER (PARTITION BY changed.id)) AS wei
    FROM changed JOIN relay.claim ON claim.tx = changed.id),
  counted AS (${addSpending(`cost, ${subjectsOf('cost')} WHERE subject IS NOT NULL AND named.is_paid = cost.is_paid`)})`
