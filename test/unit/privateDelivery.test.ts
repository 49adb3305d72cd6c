import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import { expect, it } from 'vitest'
import { privateDelivery } from '../../src/api/board/privateDelivery.ts'

const commands = [...String(privateDelivery).matchAll(/<code>(.*?)<\/code>/g)].map(([, command]) => command ?? '')

const DELIVERY = 'Voilà la page.\r\n'

it('a delivery is encrypted with the commands of the board, which are those of the documentation', async () => {
  const documentation = await readFile('docs/api.md', 'utf8')
  for (const command of commands) expect(documentation).toContain(`\n${command}\n`)
  const [makeKey = '', encrypt = '', decrypt = ''] = commands
  const cwd = await mkdtemp(join(tmpdir(), 'runline-delivery-'))
  const run = (command: string) => execa('sh', ['-c', command], { cwd })
  try {
    await run(makeKey)
    await writeFile(join(cwd, 'delivery.md'), DELIVERY)
    await run(encrypt)
    const sent = await readFile(join(cwd, 'delivery.pem'), 'utf8')
    expect(sent).toMatch(/^-----BEGIN CMS-----\n/)
    await rm(join(cwd, 'delivery.md'))
    await run(decrypt)
    expect(await readFile(join(cwd, 'delivery.md'), 'utf8')).toBe(DELIVERY)
  } finally {
    await rm(cwd, { recursive: true })
  }
})
