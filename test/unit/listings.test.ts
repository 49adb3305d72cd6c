import { describe, expect, it } from 'vitest'
import { createListings, isListing, type Listing } from '../../src/api/mcp/listings.ts'

const requestWith = (version: string) =>
  new Request('http://localhost/mcp', { headers: { 'Mcp-Protocol-Version': version, Accept: 'application/json' } })

/** A server that counts its answers, and refuses what `refuses` names. */
function countingServer(refuses = (_: Listing) => false) {
  const asked: Listing[] = []
  const ask = async (message: Listing) => {
    asked.push(message)
    if (refuses(message)) return Response.json({ error: 'no', id: message.id }, { status: 400 })
    return Response.json({ jsonrpc: '2.0', id: message.id, result: { tools: [] } }, { headers: { 'X-Kind': 'list' } })
  }
  return { asked, ask }
}

const listing = (id: string | number, more: object = {}): Listing => ({ id, method: 'tools/list', ...more })

describe('the list of the tools', () => {
  it('is made once for all callers of a protocol, and has the id of each', async () => {
    const list = createListings()
    const { asked, ask } = countingServer()
    for (const id of [1, 2, 'three', '"}']) {
      const answer = await list(requestWith('1'), listing(id), ask)
      expect([answer.status, answer.headers.get('X-Kind')]).toEqual([200, 'list'])
      expect(await answer.json()).toEqual({ jsonrpc: '2.0', id, result: { tools: [] } })
    }
    expect(asked).toHaveLength(1)
    await list(requestWith('2'), listing(1), ask)
    await list(requestWith('2'), listing(2, { params: { cursor: 'x' } }), ask)
    expect(asked).toHaveLength(3)
  })

  it('is not kept where the server refuses', async () => {
    const list = createListings()
    const { asked, ask } = countingServer(() => true)
    for (const id of [1, 2]) {
      const answer = await list(requestWith('1'), listing(id), ask)
      expect([answer.status, await answer.json()]).toEqual([400, { error: 'no', id }])
    }
    expect(asked).toHaveLength(4)
  })

  it.each([
    [listing(1), true],
    [listing('a'), true],
    [{ method: 'tools/list' }, false],
    [{ id: {}, method: 'tools/list' }, false],
    [{ id: 1, method: 'tools/call' }, false],
    [[listing(1)], false],
    [null, false],
    [undefined, false],
  ])('%j is a request for it: %s', (message, expected) => {
    expect(isListing(message)).toBe(expected)
  })
})
