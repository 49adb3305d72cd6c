// Which checks of its brief the last delivery passes, by the evaluator's library. In a worker: a hostile schema or delivery
// takes the worker's time, not the page's.
import { element } from './element.js'

const TIMEOUT_MS = 1_000

/** @param uri of what is stored here. */
async function textOf(uri) {
  const response = await fetch(uri.replace('ipfs://', '/ipfs/'))
  if (!response.ok) throw new Error(`The server answers with status ${response.status} for ${uri}.`)
  return response.text()
}

/** @throws if the checks take more than a second. */
function runInWorker(checks, delivery) {
  const { promise, resolve, reject } = Promise.withResolvers()
  const worker = new Worker(new URL('checksWorker.js', import.meta.url), { type: 'module' })
  let timer
  worker.addEventListener('error', () => reject(new Error('The checks cannot be run in this browser.')))
  worker.addEventListener('message', ({ data }) => {
    if (data !== 'ready') return resolve(data)
    const slow = new Error(`The checks take more than ${TIMEOUT_MS / 1_000} s: an evaluator takes this for a failure.`)
    timer = setTimeout(reject, TIMEOUT_MS, slow)
    worker.postMessage({ checks, delivery })
  })
  return promise.finally(() => {
    clearTimeout(timer)
    worker.terminate()
  })
}

function line(verdict, className, text) {
  const badge = element('span', { className: `badge ${className}`, textContent: verdict })
  const item = element('li')
  item.append(badge, ' ', element('bdi', { className: 'words', textContent: text }))
  return item
}

/** @returns an element for each check. */
async function results({ brief, delivery }) {
  const { checks } = JSON.parse(await textOf(brief))
  const found = await runInWorker(checks, { uri: delivery, text: await textOf(delivery) })
  return [
    ...found.map(({ name, complaint }) =>
      complaint === undefined ? line('Passes', 'approved', name) : line('Fails', 'rejected', `${name}: ${complaint}`),
    ),
    ...(checks.urls ?? []).map(({ url, contentType }) => line('Not run here', 'draft', `${url} is ${contentType}`)),
  ]
}

/** The place is of one delivery: a later one comes with its own. */
async function show() {
  const place = document.getElementById('checks')
  if (place === null || place.dataset.begun) return
  place.dataset.begun = 'true'
  const list = element('ul')
  list.append(...(await results(place.dataset).catch(({ message }) => [line('Not run', 'draft', message)])))
  place.append(element('h2', { textContent: 'Checks of the last delivery' }), list)
}

document.addEventListener('replaced', show)
show()
