import { type Checks, checksSchema } from '../../../../core/checks/checksSchema.ts'
import { parseObject } from '../../../../core/content.ts'
import type { Run, RunlineClient } from '../../../client/src/index.ts'
import { storedText } from '../storedText.ts'
import { runInProcess } from './checkProcess.ts'
import { complaintOfUrl, NeedsHumanError } from './urlCheck.ts'

/**
 * What the run's delivery fails of the checks of its brief; nothing if it passes all. The texts hash to the URIs of the run.
 * @throws NeedsHumanError if the brief has no checks, or one that leads to a forbidden address. Anything else may be tried again.
 */
export async function reviewDelivery(content: RunlineClient['content'], run: Run): Promise<string[]> {
  const checks = await readChecks(content, run.ipfsHash)
  const uri = String(run.deliverableHash)
  const text = await storedText(content, uri)
  if (text === null) return [`The API stores nothing by ${uri}: deliver a text, JSON or Markdown, and not where it is`]
  const urls = await Promise.allSettled((checks.urls ?? []).map((check) => complaintOfUrl(check)))
  const answered = urls.flatMap((url) => (url.status === 'fulfilled' && url.value ? [url.value] : []))
  const complaints = [...(await runInProcess(checks, { uri, text })), ...answered]
  // One that is not checked says nothing about the delivery, and protects none that fails another check.
  const unchecked = urls.find((url) => url.status === 'rejected')
  if (unchecked && complaints.length === 0) throw unchecked.reason
  return complaints
}

async function readChecks(content: RunlineClient['content'], uri: string): Promise<Checks> {
  const text = await storedText(content, uri)
  if (text === null) throw new NeedsHumanError(`the API stores no brief by ${uri}`)
  const brief = parseObject(text)
  if (brief?.checks === undefined) throw new NeedsHumanError('its brief has no checks')
  const { data, error } = checksSchema.safeParse(brief.checks)
  if (data) return data
  const [issue] = error.issues
  throw new NeedsHumanError(`its brief has checks that cannot be used: ${issue?.path.join('.')} ${issue?.message}`)
}
