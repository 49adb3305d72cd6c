import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import { type AddressInfo, isIP } from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import { complaintOfUrl, isPublic, type Network, UnreachableError } from '../../packages/cli/src/evaluator/urlCheck.ts'

/** A server at an address of this machine. @returns its port. */
async function serve(answer: RequestListener, address = '127.0.0.1', port = 0): Promise<number> {
  const server = createServer(answer).listen(port, address)
  await once(server, 'listening')
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return (server.address() as AddressInfo).port
}

/** A name server that answers these addresses in turn, and a rule that allows 127.0.0.1 only. */
function networkOf(...answers: string[][]) {
  let asked = 0
  const lookup = (_name: string, _options: object, callback: (error: null, addresses: object[]) => void) => {
    const addresses = answers[Math.min(asked++, answers.length - 1)] ?? []
    callback(
      null,
      addresses.map((address) => ({ address, family: isIP(address) })),
    )
  }
  const isAllowed = (address: string) => address === '127.0.0.1'
  return { network: { lookup, isAllowed, timeoutMs: 2_000 } as unknown as Network, asked: () => asked }
}

const html = (url: string) => ({ url, contentType: 'text/html' })

describe('an address', () => {
  it.each([
    '0.0.0.0',
    '10.1.2.3',
    '100.64.0.1',
    '127.0.0.1',
    '169.254.169.254',
    '172.31.255.255',
    '192.0.0.1',
    '192.0.2.1',
    '192.88.99.1',
    '192.168.1.1',
    '198.19.0.1',
    '198.51.100.1',
    '203.0.113.1',
    '224.0.0.1',
    '240.0.0.1',
    '255.255.255.255',
    '::',
    '::1',
    '::ffff:127.0.0.1',
    '::ffff:8.8.8.8',
    '::127.0.0.1',
    '64:ff9b::7f00:1',
    '64:ff9b:1::1',
    '100::1',
    '2001::1',
    '2001:db8::1',
    '2002:7f00:1::',
    '3fff::1',
    'fc00::1',
    'fd12::1',
    'fe80::1',
    'fec0::1',
    'ff02::1',
    'localhost',
    '',
  ])('%j is not public', (address) => {
    expect(isPublic(address)).toBe(false)
  })

  it.each([
    '1.1.1.1',
    '100.63.255.255',
    '172.32.0.1',
    '192.0.1.1',
    '223.255.255.255',
    '2606:4700::1111',
    '2a00:1450::1',
  ])('%j is public', (address) => {
    expect(isPublic(address)).toBe(true)
  })
})

describe('a URL', () => {
  it.each([
    ['http://127.0.0.1/', '127.0.0.1'],
    ['http://2130706433/', '127.0.0.1'],
    ['http://0x7f.1/', '127.0.0.1'],
    ['http://[::1]/', '::1'],
    ['http://[::ffff:7f00:1]/', '::ffff:7f00:1'],
    ['http://169.254.169.254/latest/meta-data', '169.254.169.254'],
    ['http://localhost/', '127.0.0.1|::1'],
  ])('%s leads to no public address, and no connection is made', async (url, address) => {
    expect(await complaintOfUrl(html(url))).toMatch(new RegExp(` leads to (${address}), which is no public address$`))
  })

  it('answers 200 with the content type, or fails by its status or type', async () => {
    const types: Record<string, [number, string]> = {
      '/right': [200, 'text/html; charset=utf-8'],
      '/upper': [200, 'TEXT/HTML'],
      '/json': [200, 'application/json'],
      '/lost': [404, 'text/html'],
    }
    const port = await serve(({ url = '' }, response) => {
      const [status, type] = types[url] ?? [500, '']
      response.writeHead(status, { 'Content-Type': type }).end()
    })
    const { network } = networkOf(['127.0.0.1'])
    const check = (path: string) => complaintOfUrl(html(`http://example.com:${port}${path}`), network)
    expect(await Promise.all(['/right', '/upper', '/json', '/lost'].map(check))).toEqual([
      undefined,
      undefined,
      `http://example.com:${port}/json answers with content type application/json, not text/html`,
      `http://example.com:${port}/lost answers 404, not 200`,
    ])
    await expect(check('/broken')).rejects.toThrow(UnreachableError)
  })

  it('is connected to at the address that was checked, though the name then leads elsewhere', async () => {
    const hosts: string[] = []
    const port = await serve(({ socket }, response) => {
      hosts.push(String(socket.localAddress))
      response.writeHead(200, { 'Content-Type': 'text/html' }).end()
    })
    await serve(
      ({ socket }, response) => {
        hosts.push(String(socket.localAddress))
        response.writeHead(200, { 'Content-Type': 'text/html' }).end()
      },
      '127.0.0.2',
      port,
    )
    const { network, asked } = networkOf(['127.0.0.1'], ['127.0.0.2'])
    expect(await complaintOfUrl(html(`http://rebinding.example:${port}/`), network)).toBeUndefined()
    expect([hosts, asked()]).toEqual([['127.0.0.1'], 1])
    expect(await complaintOfUrl(html(`http://rebinding.example:${port}/`), network)).toContain('leads to 127.0.0.2')
    // One of its addresses is enough to refuse it.
    const both = networkOf(['127.0.0.1', '10.0.0.1']).network
    expect(await complaintOfUrl(html(`http://both.example:${port}/`), both)).toContain('leads to 10.0.0.1')
    expect(hosts).toEqual(['127.0.0.1'])
  })

  it('is followed through five redirects, and to no other protocol or address', async () => {
    const targets: Record<string, string> = {
      '/private': 'http://10.0.0.1/',
      '/file': 'file:///etc/passwd',
      '/odd': 'http://[',
    }
    const port = await serve(({ url = '' }, response) => {
      const left = Number(url.slice(1))
      if (left === 0) return response.writeHead(200, { 'Content-Type': 'text/html' }).end()
      response.writeHead(302, { Location: targets[url] ?? `/${left - 1}` }).end()
    })
    const { network } = networkOf(['127.0.0.1'])
    const check = (path: string) => complaintOfUrl(html(`http://example.com:${port}${path}`), network)
    expect(await check('/5')).toBeUndefined()
    expect(await check('/6')).toContain('redirects more than 5 times')
    expect(await check('/private')).toContain('leads to 10.0.0.1, which is no public address')
    expect(await check('/file')).toContain('leads to file:, which is neither http nor https')
    expect(await check('/odd')).toContain('redirects to no URL')
  })

  it('of an endless body costs its head only', async () => {
    let sent = 0
    const closed = Promise.withResolvers<void>()
    const port = await serve((_, response) => {
      response.writeHead(200, { 'Content-Type': 'text/html', 'Content-Length': 1_000_000_000 })
      const send = () => {
        while (response.write(Buffer.alloc(65_536))) sent += 65_536
        sent += 65_536
      }
      response.on('drain', send)
      response.on('close', closed.resolve)
      send()
    })
    const { network } = networkOf(['127.0.0.1'])
    expect(await complaintOfUrl(html(`http://example.com:${port}/`), network)).toBeUndefined()
    await closed.promise
    expect(sent).toBeLessThan(50_000_000)
  })

  it('that does not answer in time, or refuses, or whose name is unknown, is not decided', async () => {
    const port = await serve(() => {})
    const { network } = networkOf(['127.0.0.1'])
    const start = performance.now()
    const slow = complaintOfUrl(html(`http://slow.example:${port}/`), network)
    await expect(slow).rejects.toThrow(`http://slow.example:${port}/ cannot be reached: no answer within 2 s`)
    expect(performance.now() - start).toBeLessThan(5_000)
    await expect(complaintOfUrl(html('http://closed.example:1/'), network)).rejects.toThrow('ECONNREFUSED')
    const lookup = (_: string, __: object, callback: (error: Error) => void) => callback(new Error('ENOTFOUND'))
    const nowhere = { ...network, lookup } as unknown as Network
    await expect(complaintOfUrl(html('http://nowhere.example/'), nowhere)).rejects.toThrow('ENOTFOUND')
  })
})
