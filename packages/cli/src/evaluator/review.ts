import { type Checks, checksSchema } from '../../../../core/checks/checksSchema.ts'
import { parseObject } from '../../../../core/content.ts'
import { isProblem, type Run, type RunlineClient } from '../../../client/src/index.ts'
import { runInThread } from './checkThread.ts'
import { complaintOfUrl } from './urlCheck.ts'

/** Software cannot review the run, now or later: a human must. */
export class NeedsHumanError extends Error {}

/**
 * What the run's delivery fails of the checks of its brief; nothing if it passes all. The texts hash to the URIs of the run.
 * @throws NeedsHumanError if the brief has no checks. Anything else may be tried again.
 */
export async function reviewDelivery(content: RunlineClient['content'], run: Run): Promise<string[]> {
  const checks = await readChecks(content, run.ipfsHash)
  const { uri, text, missing } = await readStored(content, run.deliverableHash)
  if (missing) return [`The API stores nothing by ${uri}: deliver a text, JSON or Markdown, and not where it is`]
  const complaints = await Promise.all([
    runInThread(checks, { uri, text }),
    ...(checks.urls ?? []).map(async (check) => [await complaintOfUrl(check)]),
  ])
  return complaints.flat().filter((complaint) => complaint !== undefined)
}

async function readChecks(content: RunlineClient['content'], uri: string): Promise<Checks> {
  const { text, missing } = await readStored(content, uri)
  if (missing) throw new NeedsHumanError(`the API stores no brief by ${uri}`)
  const brief = parseObject(text)
  if (brief?.checks === undefined) throw new NeedsHumanError('its brief has no checks')
  const { data, error } = checksSchema.safeParse(brief.checks)
  if (data) return data
  const [issue] = error.issues
  throw new NeedsHumanError(`its brief has checks that cannot be used: ${issue?.path.join('.')} ${issue?.message}`)
}

async function readStored(content: RunlineClient['content'], uri: string | null) {
  if (!uri?.startsWith('ipfs://')) return { uri: String(uri), text: '', missing: true }
  try {
    return { ...(await content.get(uri)), missing: false }
  } catch (error) {
    if (!isProblem(error, 'CONTENT_NOT_FOUND', 'CONTENT_BLOCKED', 'VALIDATION_FAILED')) throw error
    return { uri, text: '', missing: true }
  }
}
