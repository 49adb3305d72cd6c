import type { Browser, Page } from 'playwright-core'
import { type Address, type Hex, type LocalAccount, parseEther } from 'viem'
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { accountOf, roles } from '../../../tools/devnet/accounts.ts'
import { violationsOn } from '../../support/axe.ts'
import { openBrowser } from '../../support/browser.ts'
import { startTestMarket, type TestMarket } from '../../support/market.ts'
import { type Participants, participantsOf, usdc } from '../../support/participants.ts'
import { installWallet, type TestWallet } from './testWallet.ts'

const browser: Browser | undefined = await openBrowser()

let market: TestMarket
let people: Participants

beforeAll(async () => {
  if (!browser) return
  market = await startTestMarket()
  people = participantsOf(market)
}, 120_000)

afterAll(async () => {
  await browser?.close()
  await market?.stop()
})

type Look = { width: number; colorScheme: 'light' | 'dark' }

/** A reader with a wallet, whose account has USDC and no ether. */
async function newReader(
  { width, colorScheme }: Look,
  balance = 1_000n * usdc,
  account = privateKeyToAccount(generatePrivateKey()),
) {
  if (!browser) throw new Error('There is no browser')
  const context = await browser.newContext({ viewport: { width, height: 900 }, colorScheme, baseURL: market.api.url })
  onTestFinished(() => context.close())
  const page = await context.newPage()
  const complaints: string[] = []
  page.on('pageerror', (error) => complaints.push(error.message))
  page.on('console', (message) => {
    if (/Content Security Policy|violates/.test(message.text())) complaints.push(message.text())
  })
  const wallet = await installWallet(page, account, market)
  if (balance > 0n) await people.mined(() => market.usdc.write.mint([account.address, balance]))
  return { page, account, wallet, complaints }
}

type Reader = { page: Page; account: LocalAccount; wallet: TestWallet; complaints: string[] }

/** A claimed run of Anvil's first account, whose deliveries and requests come from elsewhere. */
async function deliveredRun() {
  const agent = accountOf(5)
  const { id } = await people.newAgent(agent)
  const bountyId = await people.openRun()
  const send = market.market.write
  await people.mined(() => send.claimBounty([bountyId, id], { account: agent.address }))
  return {
    bountyId,
    /** @returns the URI of the text. */
    async deliver(text: string) {
      const headers = { 'Content-Type': 'text/markdown' }
      const stored = await fetch(`${market.api.url}/api/content`, { method: 'POST', headers, body: text })
      const { uri } = (await stored.json()) as { uri: string }
      await people.mined(() => send.submitWork([bountyId, uri], { account: agent.address }))
      await market.indexed()
      return uri
    },
    requestRevision: () => people.mined(() => send.requestRevision([bountyId, 'ipfs://feedback'])),
  }
}

const press = (page: Page, name: string) => page.getByRole('button', { name, exact: true }).click()

const connect = (page: Page) => press(page, 'Connect wallet')

/** Waits until the action is made. */
async function made(page: Page) {
  await page.locator('#progress.good, #progress.bad').waitFor({ timeout: 30_000 })
  expect(await page.locator('#progress').textContent()).toMatch(
    /^(Posted|Registered|You apply|Withdrawn|Chosen|Staked|Taken out|Claimed|Started|Delivered|Requested|You paid|Closed|Rejected|Abandoned|Refunded|Approved)/,
  )
}

/** Waits until the page says this about the action. */
const says = (page: Page, text: string | RegExp) =>
  page.locator('#progress', { hasText: text }).waitFor({ timeout: 30_000 })

/** Presses the button, and waits until what it asks for is made. */
async function act(page: Page, name: string) {
  await press(page, name)
  await made(page)
}

/** The field of the form for the number of an agent. */
const numberIn = (page: Page, action: string) =>
  page.locator(`form[data-action="${action}"]`).getByLabel('Number of your agent')

const usdcOf = (account: LocalAccount) => market.usdc.read.balanceOf([account.address])

/** The page is accessible, and fits its width, in both colour schemes. */
async function expectWellMade({ page, complaints }: Reader) {
  const width = page.viewportSize()?.width
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme })
    expect([page.url(), await violationsOn(page)]).toEqual([page.url(), []])
  }
  expect([page.url(), await page.evaluate('document.documentElement.scrollWidth')]).toEqual([page.url(), width])
  expect(complaints).toEqual([])
}

/** Posts a run of this page's form. @returns the path of its page. */
async function post(page: Page, title: string, reward: string) {
  await page.getByLabel('Title, in one line').fill(title)
  await page.getByLabel('Reward, USDC').fill(reward)
  await act(page, 'Sign and post')
  await page.getByRole('link', { name: /^See run/ }).click()
  await page.getByRole('heading', { level: 1, name: title }).waitFor()
  return new URL(page.url()).pathname
}

describe.skipIf(browser === undefined)('with a wallet and no ether, in a browser', () => {
  it('a poster and an agent live a run', { timeout: 120_000 }, async () => {
    const poster = await newReader({ width: 390, colorScheme: 'dark' })
    const agent = await newReader({ width: 1_280, colorScheme: 'light' })

    await poster.page.goto('/post')
    await connect(poster.page)
    await poster.page.getByLabel('Title, in one line').fill('Translate a page <b>into</b> French')
    await poster.page.getByLabel('Description').fill('See *the page*.')
    await poster.page.locator('#preview em', { hasText: 'the page' }).waitFor()
    await poster.page.getByLabel('To be approved').fill('It reads well\nIt is complete')
    await poster.page.getByLabel('Reward, USDC').fill('100')
    await poster.page.getByLabel('Claimant').fill(agent.account.address)
    await poster.page.reload()
    expect(await poster.page.getByLabel('Description').inputValue()).toBe('See *the page*.')
    expect(await poster.page.locator('#preview').textContent()).toContain('Translate a page <b>into</b> French')
    expect(await poster.page.locator('#money').textContent()).toMatch(/moves 105 USDC .* puts 10 USDC/)
    await expectWellMade(poster)
    await act(poster.page, 'Sign and post')
    expect(await usdcOf(poster.account)).toBe(895n * usdc)
    expect(await poster.page.getByLabel('Title, in one line').inputValue()).toBe('')
    await poster.page.getByRole('link', { name: /^See run/ }).click()
    await poster.page.getByRole('heading', { level: 1, name: 'Translate a page <b>into</b> French' }).waitFor()
    const runPath = new URL(poster.page.url()).pathname
    await poster.page.locator(`dt:text("Claimant") + dd a[href="/accounts/${agent.account.address}"]`).waitFor()

    await agent.page.goto('/connect')
    await connect(agent.page)
    await agent.page.getByLabel('Name').fill('Ada')
    await expectWellMade(agent)
    await act(agent.page, 'Register')
    await agent.page.getByRole('link', { name: /^See agent/ }).click()
    const agentId = new URL(agent.page.url()).pathname.split('/').at(-1) ?? ''
    const stakeForm = agent.page.locator('form[data-action="stake"]')
    await stakeForm.getByLabel('Amount').fill('40')
    await act(agent.page, 'Add stake')
    const unstakeForm = agent.page.locator('form[data-action="unstake"]')
    await unstakeForm.getByLabel('Amount').fill('15')
    await act(agent.page, 'Take stake out')
    await expectWellMade(agent)
    expect(await usdcOf(agent.account)).toBe(975n * usdc)

    await agent.page.goto(runPath)
    await expect.poll(() => numberIn(agent.page, 'claim').inputValue()).toBe(agentId)
    await act(agent.page, 'Claim the run')
    await act(agent.page, 'Start the work')
    await agent.page.getByLabel('Your delivery').fill('Voici la **page**.')
    await agent.page.reload()
    expect(await agent.page.getByLabel('Your delivery').inputValue()).toBe('Voici la **page**.')
    await expectWellMade(agent)
    await act(agent.page, 'Deliver')

    await poster.page.getByRole('region', { name: 'Delivery' }).locator('strong', { hasText: 'page' }).waitFor()
    await poster.page.getByRole('checkbox', { name: 'It reads well' }).check()
    await poster.page.getByLabel('What is to be changed').fill('More accents.')
    await expectWellMade(poster)
    await act(poster.page, 'Request a revision')
    await poster.page.locator('.badge.revision-requested').waitFor()
    await agent.page.getByLabel('Your delivery').fill('Voilà la page.')
    await act(agent.page, 'Deliver')
    await poster.page.locator('.badge.submitted').waitFor()
    // The page that is open shows what it approves, and no mark of the delivery before.
    await poster.page.getByRole('region', { name: 'Delivery 2' }).getByText('Voilà la page.').waitFor()
    expect(await poster.page.getByRole('checkbox', { name: 'It reads well' }).isChecked()).toBe(false)
    poster.page.on('dialog', (dialog) => dialog.accept())
    await poster.page.getByRole('button', { name: /^Approve delivery 2 / }).click()
    await made(poster.page)
    await says(poster.page, `You paid agent ${agentId} 100 USDC.`)
    await poster.page.locator('.badge.approved').waitFor()
    expect(await usdcOf(agent.account)).toBe(1_075n * usdc)
    expect(await poster.page.locator('form.act:visible').count()).toBe(0)
    for (const { account } of [poster, agent]) {
      expect(await market.client.getBalance({ address: account.address })).toBe(0n)
    }
    const { message } = JSON.parse(poster.wallet.signed.at(-1) ?? '')
    expect(message).toMatchObject({ signer: poster.account.address.toLowerCase(), round: '1', revision: '1' })
    expect([poster.complaints, agent.complaints]).toEqual([[], []])
  })

  it('approves the delivery that is shown, or says that a later one has come', { timeout: 120_000 }, async () => {
    const { page, wallet, complaints } = await newReader(
      { width: 390, colorScheme: 'dark' },
      0n,
      accountOf(roles.deployer),
    )
    const asked: string[] = []
    let isSure = true
    page.on('dialog', (dialog) => {
      asked.push(dialog.message())
      return isSure ? dialog.accept() : dialog.dismiss()
    })
    const { bountyId, deliver, requestRevision } = await deliveredRun()
    const first = await deliver('The **first** delivery.')
    await page.goto(`/runs/${bountyId}`)
    await connect(page)
    const ends = (uri: string) => `${uri.slice(7, 11)}…${uri.slice(-4)}`
    const nameOf = (number: number, uri: string) => `Approve delivery ${number} (${ends(uri)}) and pay 100 USDC`
    const showsDelivery = (number: number) => page.getByRole('region', { name: `Delivery ${number}` }).isVisible()
    await page.getByRole('button', { name: nameOf(1, first), exact: true }).waitFor()
    // The reader reads the first delivery, while a revision is requested elsewhere, and made.
    await page.getByRole('region', { name: 'Delivery 1' }).click()
    await requestRevision()
    const second = await deliver('The **second** delivery.')
    await page.locator('#review', { hasText: 'Delivery 2 has come.' }).waitFor()
    expect([await showsDelivery(1), await showsDelivery(2)]).toEqual([true, false])
    expect(await page.getByRole('button', { name: /^Approve/ }).allTextContents()).toEqual([nameOf(1, first)])
    expect(await violationsOn(page)).toEqual([])
    await press(page, nameOf(1, first))
    await says(page, 'Delivery 2 has come. Nothing was signed.')
    await press(page, 'Show it')
    await page.getByRole('region', { name: 'Delivery 2' }).getByText('The second delivery.').waitFor()
    isSure = false
    await press(page, nameOf(2, second))
    await says(page, /^Nothing was signed.$/)
    expect([asked, wallet.signed]).toEqual([
      [expect.stringMatching(/^Approve delivery 2 .* and pay 100 USDC to agent/)],
      [],
    ])

    // A page that cannot know of the third delivery does not sign for it either.
    isSure = true
    await page.route('**/api/stats', (route) => route.abort())
    await requestRevision()
    await deliver('The **third** delivery.')
    await press(page, nameOf(2, second))
    await says(page, 'A later one has come.')
    expect(wallet.signed).toEqual([])
    await page.unroute('**/api/stats')
    await page.locator('#review', { hasText: 'Delivery 3 has come.' }).waitFor()
    await press(page, 'Show it')
    await page.getByRole('button', { name: /^Approve delivery 3 / }).click()
    await says(page, 'You paid agent')
    expect(JSON.parse(wallet.signed[0] ?? '').message).toMatchObject({ bountyId: String(bountyId), revision: '2' })
    await page.locator('.badge.approved').waitFor()
    expect([wallet.signed.length, complaints]).toEqual([1, []])
  })

  it('a poster chooses who works', { timeout: 120_000 }, async () => {
    const poster = await newReader({ width: 1_280, colorScheme: 'light' })
    await poster.page.goto('/post')
    await connect(poster.page)
    await poster.page.getByLabel('Who works').selectOption('chosen')
    await poster.page.getByLabel('Claimant').fill(poster.account.address)
    await poster.page.getByLabel('Title, in one line').fill('Choose me')
    await poster.page.getByLabel('Reward, USDC').fill('10')
    await press(poster.page, 'Sign and post')
    await says(poster.page, 'Leave this empty where you choose')
    await poster.page.getByLabel('Claimant').fill('')
    await poster.page.reload()
    expect(await poster.page.locator('#money').textContent()).toContain('The agent that you choose may claim it until')
    const runPath = await post(poster.page, 'Choose me', '10')
    await poster.page.locator('dd', { hasText: 'Not named yet' }).waitFor()
    await poster.page.getByText('No agent applies yet.').waitFor()
    const hasForm = (page: Page, name: string) => page.getByRole('button', { name, exact: true }).isVisible()
    expect([await hasForm(poster.page, 'Apply'), await hasForm(poster.page, 'Close the run')]).toEqual([false, true])

    const agents: (Reader & { id: bigint })[] = []
    for (const [note, width] of [
      ['I know <b>all</b> of it.', 390],
      ['W'.repeat(1_000), 1_280],
    ] as const) {
      const reader = await newReader({ width, colorScheme: 'dark' }, 0n)
      const { page, account } = reader
      const { id } = await people.newAgent(account, 0n)
      await people.stakeFor({ id, wallet: account })
      await market.indexed()
      await page.goto(runPath)
      await connect(page)
      await expect.poll(() => numberIn(page, 'apply').inputValue()).toBe(String(id))
      await page.getByLabel('Why your agent').fill(note)
      await act(page, 'Apply')
      await page
        .getByRole('region', { name: `Note of agent ${id}` })
        .getByText(note)
        .waitFor()
      expect([await hasForm(page, 'Claim the run'), await hasForm(page, `Choose agent ${id}`)]).toEqual([false, false])
      await expectWellMade(reader)
      agents.push({ ...reader, id })
    }
    const [first, second] = agents as [(typeof agents)[0], (typeof agents)[0]]
    await act(second.page, `Withdraw agent ${second.id}`)
    await second.page.getByText('1 agent applies').waitFor()
    await second.page.getByLabel('Why your agent').fill('Again')
    await act(second.page, 'Apply')

    await poster.page.getByText('2 agents apply').waitFor()
    await expectWellMade(poster)
    // A wallet that was typed before is not the one that a button names.
    await poster.page.getByLabel('Wallet that may claim').fill(second.account.address)
    await poster.page.reload()
    await act(poster.page, `Choose agent ${first.id}`)
    await poster.page.getByText('Chosen', { exact: true }).waitFor()
    await first.page.getByText('You were chosen: claim until').waitFor()
    expect(await hasForm(second.page, 'Claim the run')).toBe(false)
    await first.page.goto(`/accounts/${first.account.address}`)
    await first.page.getByRole('heading', { name: 'Chosen: to be claimed' }).waitFor()
    await first.page.goto(runPath)
    await expect.poll(() => numberIn(first.page, 'claim').inputValue()).toBe(String(first.id))
    await act(first.page, 'Claim the run')
    await first.page.locator('.badge.claimed').waitFor()
    expect(await first.page.getByText('agents apply').count()).toBe(0)
    expect([poster, first, second].flatMap(({ complaints }) => complaints)).toEqual([])
  })

  it('a run is closed with the keyboard only', { timeout: 60_000 }, async () => {
    const { page, account } = await newReader({ width: 1_280, colorScheme: 'dark' })
    await page.goto('/post')
    await connect(page)
    await post(page, 'Count the stars', '10')
    const focused = () => page.evaluate('document.activeElement.innerText')
    for (let presses = 0; (await focused()) !== 'Close the run'; presses++) {
      expect(presses).toBeLessThan(30)
      await page.keyboard.press('Tab')
    }
    await page.keyboard.press('Enter')
    await made(page)
    expect(await page.evaluate('document.activeElement.id')).toBe('progress')
    await page.locator('.badge.draft').first().waitFor()
    expect(await usdcOf(account)).toBe(1_000n * usdc)
  })

  it('survives being offline, a limit, and a reload', { timeout: 90_000 }, async () => {
    const { id } = await people.newAgent(accountOf(7))
    const { page } = await newReader({ width: 390, colorScheme: 'light' })
    await page.goto('/post')
    await connect(page)
    const posts: string[] = []
    page.on('request', (request) => {
      if (request.method() === 'POST' && request.url().endsWith('/api/runs')) posts.push(request.postData() ?? '')
    })
    // The signed post is lost three times: by a limit, by the network, and with the page.
    const detail = 'You may send 3 claims a minute.'
    await page.route('**/api/runs', (route) =>
      route.fulfill({
        status: 429,
        headers: { 'Retry-After': '1' },
        contentType: 'application/problem+json',
        body: JSON.stringify({ title: 'Too many requests', detail, code: 'RATE_LIMITED' }),
      }),
    )
    await page.getByLabel('Title, in one line').fill('Wait for it')
    await page.getByLabel('Reward, USDC').fill('10')
    await press(page, 'Sign and post')
    await says(page, `${detail} Sending it again in 1 s.`)
    await page.unroute('**/api/runs')
    await page.context().setOffline(true)
    await says(page, 'The server cannot be reached. Sending it again in 3 s.')
    await page.context().setOffline(false)
    await page.route('**/api/runs', (route) => route.abort())
    await page.reload()
    await says(page, 'The server cannot be reached.')
    expect(await page.getByLabel('Title, in one line').inputValue()).toBe('')
    // What is made on another page forgets nothing of this one.
    await page.goto(`/agents/${id}`)
    await page.locator('form[data-action="stake"]').getByLabel('Amount').fill('20')
    await act(page, 'Add stake')
    await page.goto('/post')
    await says(page, 'The server cannot be reached.')
    await page.unroute('**/api/runs')
    await made(page)
    expect(posts.length).toBeGreaterThanOrEqual(4)
    expect(new Set(posts).size).toBe(1)
    expect(await page.locator('#progress a').textContent()).toMatch(/^See run \d+\.$/)
    expect(await page.getByLabel('Title, in one line').inputValue()).toBe('')
  })

  it('says in words what the wallet and the API refuse', { timeout: 90_000 }, async () => {
    const { page, wallet, account } = await newReader({ width: 390, colorScheme: 'dark' })
    await page.goto('/post')
    await connect(page)
    const runPath = await post(page, 'Refuse me', '10')
    const sentBefore = wallet.signed.length

    wallet.state.rejects = true
    await press(page, 'Close the run')
    await says(page, 'You rejected the request in the wallet. Nothing was sent.')
    wallet.state.rejects = false

    await wallet.moveToChain(1)
    await page.getByText(`Chain 1, but this market is on chain ${market.chainId}`).waitFor()
    await press(page, 'Close the run')
    await says(page, 'Your wallet is on another chain.')
    await press(page, 'Switch chain')
    await page.locator('#wallet', { hasText: '989.50 USDC' }).waitFor()

    const other = privateKeyToAccount(generatePrivateKey())
    await wallet.use(other)
    await page.getByRole('button', { name: 'Close the run', exact: true }).waitFor({ state: 'hidden' })
    // The wallet changes the account without an event: what the page shows is no longer true.
    await wallet.use(account)
    wallet.state.account = other
    await press(page, 'Close the run')
    await says(page, 'The account changed. Nothing was sent.')
    wallet.state.account = account

    await wallet.lose()
    await page.getByText('Connect a wallet at the top of this page').waitFor()
    await connect(page)

    await page.goto('/post')
    await page.getByLabel('Title, in one line').fill('Too expensive')
    await page.getByLabel('Reward, USDC').fill('5000')
    await press(page, 'Sign and post')
    await says(page, /too little USDC|are required/)
    expect(wallet.signed.length).toBe(sentBefore + 1)
    await page.reload()
    expect(await page.getByLabel('Title, in one line').inputValue()).toBe('Too expensive')

    const focused = () => page.evaluate('document.activeElement.name + " " + document.activeElement.ariaInvalid')
    await page.getByLabel('Reward, USDC').fill('0.001')
    await press(page, 'Sign and post')
    await says(page, 'The reward 0.001 USDC must be from')
    expect(await focused()).toBe('reward true')
    await page.getByLabel('Reward, USDC').fill('10')
    await page.getByLabel('Tags').fill('a, très')
    await press(page, 'Sign and post')
    await says(page, 'not "très"')
    expect(await focused()).toBe('tags true')
    expect(await page.getByLabel('Title, in one line').inputValue()).toBe('Too expensive')
    await page.goto(runPath)
    await page.locator('.badge.open').first().waitFor()
  })

  it('signs nothing that differs from what was asked', { timeout: 90_000 }, async () => {
    const { page, wallet } = await newReader({ width: 1_280, colorScheme: 'light' })
    await page.goto('/post')
    await connect(page)
    await post(page, 'Lie to me', '10')
    const signedBefore = wallet.signed.length
    type Lie = (typedData: { domain: Record<string, unknown>; message: Record<string, unknown> }) => void
    const lie = async (action: string, change: Lie) => {
      await page.route(`**/api/messages/${action}?*`, async (route) => {
        const response = await route.fetch()
        const answer = await response.json()
        change(answer.typedData)
        await route.fulfill({ response, json: answer })
      })
    }
    const lies: [string, Lie, RegExp][] = [
      ['close', ({ message }) => Object.assign(message, { bountyId: '999' }), /another bountyId: 999 instead of/],
      ['close', ({ domain }) => Object.assign(domain, { chainId: 1 }), /another chainId/],
      ['close', ({ message }) => Object.assign(message, { deadline: '9999999999' }), /another deadline/],
      [
        'close',
        ({ domain }) => Object.assign(domain, { verifyingContract: `0x${'12'.repeat(20)}` }),
        /another verifyingContract/,
      ],
    ]
    for (const [action, change, words] of lies) {
      await lie(action, change)
      await press(page, 'Close the run')
      await says(page, words)
      await page.unroute(`**/api/messages/${action}?*`)
    }
    await page.goto('/post')
    await page.getByLabel('Title, in one line').fill('Pay another')
    await page.getByLabel('Reward, USDC').fill('10')
    await lie('post', ({ message }) => Object.assign(message, { nonce: `0x${'12'.repeat(32)}` }))
    await press(page, 'Sign and post')
    await says(page, /another nonce/)
    await page.unroute('**/api/messages/post?*')
    await page.route('**/api/content', async (route) => {
      const response = await route.fetch({ postData: JSON.stringify({ title: 'Pay another more' }) })
      await route.fulfill({ response })
    })
    await press(page, 'Sign and post')
    await says(page, /another text: ipfs:.* instead of ipfs:/)
    expect(wallet.signed.length).toBe(signedBefore)
  })

  it('a multisig that no wallet connects copies what it sends', { timeout: 90_000 }, async () => {
    const reader = await newReader({ width: 390, colorScheme: 'light' })
    const { page, account, wallet } = reader
    const { address } = account
    await market.client.setBalance({ address, value: parseEther('1') })
    await market.client.impersonateAccount({ address })
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write'])
    const sendAll = async (text: unknown) => {
      for (const { to, data } of JSON.parse(String(text)) as { to: Address; data: Hex }[])
        await people.mined(() => market.client.sendTransaction({ account: address, to, data, chain: null }))
      await market.indexed()
    }
    let named = 'safe.eth'
    page.on('dialog', (dialog) => dialog.accept(dialog.type() === 'prompt' ? named : undefined))
    await page.goto('/post')
    await press(page, 'Use a multisig')
    await page.getByText('not safe.eth').waitFor()
    named = address
    await press(page, 'Use a multisig')
    await page.getByLabel('Title, in one line').fill('Asked by a multisig')
    await page.getByLabel('Reward, USDC').fill('10')
    expect(await page.getByRole('button', { name: 'Sign and post', exact: true }).isEnabled()).toBe(false)
    await page.route(
      '**/api/messages/post?*',
      async (route) => {
        const response = await route.fetch()
        const answer = await response.json()
        answer.calls[0].data = answer.calls[0].data.replace(/[0-9a-f]{64}$/, 'f'.repeat(64))
        await route.fulfill({ response, json: answer })
      },
      { times: 1 },
    )
    await press(page, 'Copy as call: Sign and post')
    await says(page, /another list of calls/)
    await press(page, 'Copy as call: Sign and post')
    await says(page, `Copied: 2 calls, to be sent by ${address.toLowerCase()} on chain ${market.chainId}`)
    await expectWellMade(reader)
    await sendAll(await page.evaluate('navigator.clipboard.readText()'))
    expect(await usdcOf(account)).toBe(9_895n * (usdc / 10n))

    await page.goto(`/runs/${await market.market.read.bountyCount()}`)
    await page.evaluate('navigator.clipboard.writeText = () => Promise.reject(new Error("refused"))')
    await press(page, 'Copy as call: Close the run')
    await says(page, 'Copy from below: 1 call,')
    await expectWellMade(reader)
    await sendAll(await page.getByLabel('Calls, as JSON').inputValue())
    await page.locator('.badge.draft').first().waitFor()
    expect([await usdcOf(account), wallet.signed]).toEqual([1_000n * usdc, []])
    await press(page, 'Disconnect')
    await page.getByRole('button', { name: 'Use a multisig' }).waitFor()
  })

  // The last one: it moves the clock of the chain.
  it('anyone has the escrow of an expired run refunded, without a wallet', { timeout: 60_000 }, async () => {
    const poster = await newReader({ width: 1_280, colorScheme: 'dark' })
    await poster.page.goto('/post')
    await connect(poster.page)
    await poster.page.getByLabel('Open for claims', { exact: true }).fill('1')
    const runPath = await post(poster.page, 'Find the needle', '10')
    await market.client.increaseTime({ seconds: 90_000 })
    await market.client.mine({ blocks: 1 })
    await market.indexed()
    const stranger = await newReader({ width: 390, colorScheme: 'light' }, 0n)
    await stranger.page.goto(runPath)
    await act(stranger.page, 'Refund the poster: the deadline has passed')
    await stranger.page.locator('.badge.draft').waitFor()
    expect(stranger.wallet.signed).toEqual([])
    expect(await usdcOf(poster.account)).toBe(1_000n * usdc)
  })
})
