// A signed request that the API has not decided, so that a page that was closed or reloaded sends the same one again: a new
// signature could make a second run. Sending the same one again is safe.

const PENDING = 'runline.pending'

/** @returns the request of this page; undefined if there is none. */
export function pendingRequest() {
  const kept = JSON.parse(localStorage.getItem(PENDING) ?? 'null')
  return kept?.page === location.pathname ? kept.request : undefined
}

export function keepRequest(request) {
  localStorage.setItem(PENDING, JSON.stringify({ page: location.pathname, request }))
}

export function dropRequest() {
  localStorage.removeItem(PENDING)
}
