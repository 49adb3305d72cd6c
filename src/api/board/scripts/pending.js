// A signed request that the API has not decided, so that a page that was closed or reloaded sends the same one again: a new
// signature could make a second run. Sending the same one again is safe. Each page has a place for one.
import { putBackDraft, takeDraft } from './drafts.js'

const PENDING = `runline.pending ${location.pathname}`

const kept = () => JSON.parse(localStorage.getItem(PENDING) ?? '{}')

/** @returns the request of this page; undefined if there is none. */
export const pendingRequest = () => kept().request

/** Keeps with it the draft that it was made of, which nothing else is signed for. */
export function keepRequest(request) {
  const draft = takeDraft(request.action) ?? kept().draft
  localStorage.setItem(PENDING, JSON.stringify({ request, draft }))
}

/** @param isRefused whether its draft is to be corrected. */
export function dropRequest(isRefused) {
  const { request, draft } = kept()
  localStorage.removeItem(PENDING)
  if (isRefused && draft) putBackDraft(request.action, draft)
}
