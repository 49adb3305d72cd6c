import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import { type AddressInfo, isIP } from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import { complaintOfUrl, isPublic, NeedsHumanError, type Network } from '../../packages/cli/src/evaluator/urlCheck.ts'

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

/** Why a human must review what the URL shows. */
const leftToHuman = (url: string, network?: Network) =>
  complaintOfUrl(html(url), network).then(
    (complaint) => `not left: ${complaint}`,
    (error) => (error instanceof NeedsHumanError ? error.message : `not left: ${error}`),
  )

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
  ])('%s is left to a human, because it leads to no public address', async (url, address) => {
    expect(await leftToHuman(url)).toMatch(new RegExp(`^http.* leads to (${address}), which is no public address$`))
  })

  it('that leads to a forbidden address connects to none, also by a redirect', async () => {
    let connections = 0
    const count: RequestListener = (_, response) => {
      connections++
      response.writeHead(200, { 'Content-Type': 'text/html' }).end()
    }
    const port = await serve(count, '127.0.0.2')
    const targets = [
      `http://127.0.0.2:${port}/`,
      `http://[::ffff:127.0.0.2]:${port}/`,
      `http://0x7f000002:${port}/`,
      `http://forbidden.example:${port}/`,
    ]
    const start = await serve(({ url = '' }, response) => {
      response.writeHead(302, { Location: targets[Number(url.slice(1))] }).end()
    })
    for (const [index, target] of targets.entries()) {
      // The name of the first URL is allowed; that of the redirect is not, as a name server that changes its answer.
      const { network } = networkOf(['127.0.0.1'], ['127.0.0.2'])
      const redirected = await leftToHuman(`http://allowed.example:${start}/${index}`, network)
      expect(redirected).toMatch(/ leads to .*7f00:2|127[.]0[.]0[.]2, which is no public address$/)
      expect(await leftToHuman(target, networkOf(['127.0.0.2']).network)).toMatch(
        /^http.*, which is no public address$/,
      )
      // The rule of the program, not of this test.
      if (index < 3) expect(await leftToHuman(target)).toMatch(/^http.*, which is no public address$/)
    }
    expect(connections).toBe(0)
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
    await expect(check('/broken')).rejects.toThrow('/broken cannot be reached: Error: it answers 500')
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
    expect(await leftToHuman(`http://rebinding.example:${port}/`, network)).toContain('leads to 127.0.0.2')
    // One of its addresses is enough to refuse it.
    const both = networkOf(['127.0.0.1', '10.0.0.1']).network
    expect(await leftToHuman(`http://both.example:${port}/`, both)).toContain('leads to 10.0.0.1')
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
    const left = (path: string) => leftToHuman(`http://example.com:${port}${path}`, network)
    expect(await check('/5')).toBeUndefined()
    expect(await check('/6')).toContain('redirects more than 5 times')
    expect(await left('/private')).toContain('leads to 10.0.0.1, which is no public address')
    expect(await left('/file')).toContain('leads to file:, which is neither http nor https')
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

  it('whose content type has 15 kB fails in a line that can be stored with the others', async () => {
    const port = await serve((_, response) => {
      response.writeHead(200, { 'Content-Type': `text/${'x'.repeat(15_000)}` }).end()
    })
    const { network } = networkOf(['127.0.0.1'])
    const url = `http://example.com:${port}/`
    expect(await complaintOfUrl(html(url), network)).toBe(
      `${url} answers with content type text/${'x'.repeat(116)}, not text/html`,
    )
  })

  it('whose head never ends, is too long, or whose name is never answered, is not decided', async () => {
    const drip = await serve(({ socket }) => {
      socket.write('HTTP/1.1 200 OK\r\n')
      const timer = setInterval(() => socket.write('X-A: b\r\n'), 100)
      socket.on('close', () => clearInterval(timer))
    })
    const large = await serve(({ socket }) => void socket.write(`HTTP/1.1 200 OK\r\nX-A: ${'a'.repeat(100_000)}`))
    const early = await serve(({ socket }) => {
      const timer = setInterval(() => socket.write('HTTP/1.1 103 Early Hints\r\n\r\n'), 10)
      socket.on('close', () => clearInterval(timer))
    })
    const { network } = networkOf(['127.0.0.1'])
    const check = (port: number) => complaintOfUrl(html(`http://hostile.example:${port}/`), network)
    const start = performance.now()
    const silent = { ...network, lookup: () => {} } as unknown as Network
    await Promise.all([
      expect(check(drip)).rejects.toThrow('cannot be reached: no answer within 2 s'),
      expect(check(large)).rejects.toThrow('cannot be reached: Error: Parse Error: Header overflow'),
      expect(check(early)).rejects.toThrow('cannot be reached: no answer within 2 s'),
      expect(complaintOfUrl(html('http://silent.example/'), silent)).rejects.toThrow('no answer within 2 s'),
    ])
    expect(performance.now() - start).toBeLessThan(5_000)
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
