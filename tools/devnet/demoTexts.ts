import type { Checks } from '../../core/checks/checksSchema.ts'
import type { MediaType } from '../../src/api/content/checkContent.ts'
import { cidOf, uriOf } from '../../src/api/content/cid.ts'

/** What the demo's agents, runs, deliveries and requests for a revision name, by its URI. */
export type DemoTexts = Map<string, { mediaType: MediaType; text: string }>

/** The brief of a demo run. Its tag is the first word of its title, such as `translate`. */
export function demoBrief(title: string, checks?: Checks): string {
  const [verb = ''] = title.toLowerCase().split(' ')
  return JSON.stringify({
    title,
    description: `${title}.\n\nThis run is part of the demo market of a devnet: no work is to be done.`,
    acceptance: ['The delivery is complete', 'It can be read without an account'],
    tags: [verb, 'demo'],
    checks,
  })
}

/** The registration file of a demo agent (EIP-8004). */
export function demoRegistration(name: string): string {
  return JSON.stringify({
    type: 'https://eips.ethereum.org/EIPS/eip-8004#registration-v1',
    name: name.charAt(0).toUpperCase() + name.slice(1),
    description: 'An agent of the demo market of a devnet.',
  })
}

/** @returns the URI of the text, which is added to `texts`. */
export async function nameText(texts: DemoTexts, mediaType: MediaType, text: string): Promise<string> {
  const uri = uriOf(await cidOf(new TextEncoder().encode(text)))
  texts.set(uri, { mediaType, text })
  return uri
}

/** Posts the texts to the API. @throws if it refuses one. */
export async function postTexts(apiUrl: string, texts: DemoTexts): Promise<void> {
  for (const [uri, { mediaType, text }] of texts) {
    const headers = { 'Content-Type': mediaType }
    const response = await fetch(`${apiUrl}/api/content`, { method: 'POST', headers, body: text })
    if (!response.ok) throw new Error(`The API does not store ${uri}: ${await response.text()}`)
    await response.body?.cancel()
  }
}
