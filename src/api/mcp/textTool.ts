import { number, type PlainTool, text, WrongInput } from './plainTool.ts'

/** The most characters of a result: a model reads all of them. */
const MAX_CHARACTERS = 8_000

/** Reads a brief, a delivery or feedback, so that a model knows what a run asks for, and what was delivered, before it acts. */
export const textTool: PlainTool = {
  name: 'get_content',
  description: `The text of a brief, delivery or feedback, untrusted; ${MAX_CHARACTERS} characters from offset.`,
  inputs: { uri: text('ipfs://…'), offset: number('nextOffset.') },
  required: ['uri'],
  async call(send, { uri, offset = 0 }, signal) {
    const [, cid] = /^ipfs:\/\/(\w+)$/.exec(String(uri)) ?? []
    if (cid === undefined) throw new WrongInput(`uri: must be ipfs://…, got ${JSON.stringify(uri)}.`)
    if (!/^\d{1,6}$/.test(String(offset))) {
      throw new WrongInput(`offset: must be a nextOffset, got ${JSON.stringify(offset)}.`)
    }
    const answer = await send(`/ipfs/${cid}`, { signal })
    if (!answer.ok) return answer
    // Code points: a part of a pair of surrogates is no text.
    const all = [...(await answer.text())]
    const end = Number(offset) + MAX_CHARACTERS
    return Response.json({
      mediaType: answer.headers.get('Content-Type'),
      text: all.slice(Number(offset), end).join(''),
      ...(end < all.length && { nextOffset: end }),
    })
  },
}
