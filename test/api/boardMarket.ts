import { createHash } from 'node:crypto'
import pg from 'pg'
import { pino } from 'pino'
import { expect } from 'vitest'
import { agent, run, runEvent } from '../../ponder.schema.ts'
import { type Brief, readBrief } from '../../src/api/content/brief.ts'
import type { MediaType } from '../../src/api/content/checkContent.ts'
import { cidOf, uriOf } from '../../src/api/content/cid.ts'
import { type ContentStore, openContentStore } from '../../src/api/content/store.ts'
import { claimedRun, eventOf, openRun, poster, seedTime, stakedAgent, wallet } from '../support/rows.ts'
import { chainId, emptyIndex, viewsSchema } from './indexedDatabase.ts'
import { testApi } from './testApi.ts'

const script = '<script>document.title = "taken"</script><img src=x onerror=alert(1)>"\'&'
const hostileTexts = [
  script,
  'javascript:alert(1)',
  'ipfs://QmYwAPJzv5CZsnA625s3Xf2nemtYgPpHdWEz79ojWnPbdG"onclick="alert(1)',
  '\u202Eslaever\u202C \u2066isolate\u2069 \u200B\u0007\u001B[31m',
  'ü'.repeat(64),
  'W'.repeat(128),
]
export const tracker = 'https://tracker.example/x.png'
export const hostileBriefs = [
  {
    title: script,
    summary: `<img src=${tracker}>`,
    description: `![a](${tracker}) [b](javascript:alert(1)) <iframe src="${tracker}">`,
  },
  {
    title: '\u202Eeltit\u200B',
    description: '\u202Etxet\u2066\n'.repeat(50),
    acceptance: ['</ul><style>*{display:none}</style>'],
  },
  { title: 'W'.repeat(120), summary: 'W'.repeat(500), description: 'W'.repeat(31_000), tags: ['w'.repeat(32)] },
  {
    title: 'Markdown',
    description: `# It\n\n### Deep \n\n5. [text](${tracker} "b") \u202e\n6. > quoted\n\n\`\`\`\na\n\`\`\`\n\n${'> - '.repeat(5_000)}`,
  },
  { title: 'A link', attachments: [{ name: '<a href="javascript:alert(1)">', cid: 'Q'.repeat(46), size: 1 }] },
]

const hugeId = 2n ** 255n

/** What agents say that apply for run 4, which has two pages of them. */
const notes = [
  ...hostileTexts,
  'W'.repeat(1_000),
  `${'\n'.repeat(900)}end`,
  '\u200B \u202E'.repeat(120),
  ...Array.from({ length: 5 }, () => 'I have done this before.'),
]
const applicantIds = notes.map((_, place) => BigInt(50 + place))

/** Of run 44. A page has a hundred. */
export const EVENTS = 103

const paths = [
  '/',
  '/?state=ANY',
  '/?state=REJECTED',
  '/runs/1',
  '/runs/5',
  '/runs/9',
  '/runs/999',
  '/agents',
  '/agents?all=true',
  '/agents/1',
]
const applicantPaths = ['/runs/4', '/runs/4?applicants=2']
const deliveryPaths = ['/runs/300', '/runs/302', '/runs/304']
const hostilePaths = [
  ...hostileTexts.map((_, place) => `/runs/${100 + place}`),
  ...hostileBriefs.map((_, place) => `/runs/${200 + place}`),
]
export const ownPaths = [
  ...paths,
  `/agents/${hugeId}`,
  '/post',
  '/connect',
  '/market',
  '/market?interval=month',
  '/?page=0',
  '/?minReward=none',
]
export const allPaths = [...ownPaths, ...hostilePaths, ...deliveryPaths, ...applicantPaths]

const contentLimits = { clientBytes: 1_000_000, totalBytes: 100_000_000 }

/** Stores the text. @returns its URI. */
async function store(content: ContentStore, text: string, mediaType: MediaType, brief?: Brief) {
  const bytes = new TextEncoder().encode(text)
  const cid = await cidOf(bytes)
  const { status } = await content.post({ cid, mediaType, bytes, brief, registration: undefined, client: 'a' })
  expect(status).toBe('stored')
  return uriOf(cid)
}

/** Stores the brief. @returns its URI. */
function storeBrief(content: ContentStore, brief: object) {
  const read = readBrief(brief).data
  expect(read).toEqual(brief)
  return store(content, JSON.stringify(brief), 'application/json', read)
}

/**
 * A market whose accounts wrote hostile texts, and the app that shows it. `delivered` has the URIs of the deliveries of
 * runs 300 and on.
 */
export async function boardMarket() {
  const index = await emptyIndex()
  const content = openContentStore({
    url: index.url,
    chainId,
    indexSchema: viewsSchema,
    limits: contentLimits,
    logger: pino({ level: 'silent' }),
  })
  const briefs: string[] = []
  for (const brief of hostileBriefs) briefs.push(await storeBrief(content, brief))
  const asked = await storeBrief(content, { title: 'Translate', acceptance: ['It reads well', 'It is complete'] })
  const rivers = await store(content, '["Rhine","Po"]', 'application/json')
  const numbers = await store(content, JSON.stringify(Array.from({ length: 6_000 }, (_, n) => n)), 'application/json')
  const checks = {
    schema: { type: 'array', minItems: 3, contains: { const: script } },
    sha256: createHash('sha256').update('["Rhine","Po"]').digest('hex'),
    urls: [{ url: `${tracker}?<b>`, contentType: 'image/png' }],
  }
  const slow = { schema: { allOf: Array.from({ length: 900 }, () => ({ uniqueItems: true })) }, maxBytes: 10 }
  const checked = await storeBrief(content, { title: 'Name three rivers', checks })
  const slowlyChecked = await storeBrief(content, { title: 'Count', checks: slow })
  const delivered = [
    await store(content, `${script} **Voilà** ![a](${tracker})`, 'text/markdown'),
    await store(content, `{"a":"${'W'.repeat(2_000)}"}`, 'application/json'),
    await store(content, '-----BEGIN CMS-----\u202e\n**a**\n', 'text/plain'),
  ]
  await index.db.insert(run).values(briefs.map((ipfsHash, place) => openRun(BigInt(200 + place), { ipfsHash })))
  await index.db.insert(run).values([
    openRun(1n, { reward: 1_234_567_891n, claimant: wallet }),
    openRun(2n, { reward: 10n ** 15n, deadline: seedTime - 1n }),
    openRun(3n, { state: 'DRAFT', claimant: poster }),
    openRun(4n, { claimant: poster }),
    openRun(5n, { claimant: poster }),
    ...Array.from({ length: 25 }, (_, place) => openRun(BigInt(20 + place))),
    claimedRun(9n, {
      state: 'SUBMITTED',
      submitBy: null,
      reviewBy: seedTime + 9n,
      claimedBy: hugeId,
      evaluator: poster,
      closing: true,
    }),
    ...delivered.map((deliverableHash, place) =>
      claimedRun(BigInt(300 + place), { deliverableHash, feedbackHash: delivered[0] }),
    ),
    claimedRun(303n, {
      state: 'SUBMITTED',
      submitBy: null,
      reviewBy: seedTime + 9n,
      ipfsHash: asked,
      claimedBy: 2n,
      revisions: 1,
      deliverableHash: delivered[1],
    }),
    claimedRun(304n, { state: 'APPROVED', submitBy: null, endedAt: seedTime, ipfsHash: checked }),
    claimedRun(305n, { state: 'APPROVED', submitBy: null, endedAt: seedTime, ipfsHash: slowlyChecked }),
    claimedRun(10n, { state: 'APPROVED', submitBy: null, endedAt: seedTime, closing: true }),
    ...hostileTexts.map((text, place) =>
      claimedRun(BigInt(100 + place), { ipfsHash: text, deliverableHash: text, feedbackHash: text }),
    ),
  ])
  await index.db
    .insert(runEvent)
    .values([
      eventOf(1n, 1, { name: 'BountyCreated', address: poster, amount: 100_000_000n, hash: script }),
      eventOf(1n, 2, { name: 'ClaimantNamed', address: wallet, ordinal: 1 }),
      eventOf(2n, 1, { name: 'ClaimantNamed', address: null, ordinal: 2 }),
      eventOf(4n, 1, { name: 'ClaimantNamed', address: poster, ordinal: 1 }),
      eventOf(9n, 1, { name: 'BountyApproved', by: null, agentId: hugeId }),
      ...Array.from({ length: EVENTS }, (_, place) =>
        eventOf(44n, place + 1, { name: place === EVENTS - 1 ? 'WorkSubmitted' : 'BountyCreated' }),
      ),
      ...hostileTexts.map((hash, place) => eventOf(BigInt(100 + place), 1, { name: 'WorkSubmitted', hash })),
    ])
  const [first = '', second = ''] = delivered
  const sent = (id: bigint, place: number, hash: string, name: 'WorkSubmitted' | 'RevisionRequested', ordinal = 0) =>
    eventOf(id, place, { name, hash, ordinal })
  await index.db.insert(runEvent).values([
    ...delivered.flatMap((hash, place) => [
      sent(BigInt(300 + place), 2, hash, 'WorkSubmitted'),
      sent(BigInt(300 + place), 3, first, 'RevisionRequested', 1),
    ]),
    eventOf(303n, 1, { name: 'BountyClaimed', agentId: 1n }),
    sent(303n, 2, first, 'WorkSubmitted'),
    sent(303n, 3, first, 'RevisionRequested', 1),
    sent(303n, 4, second, 'WorkSubmitted', 1),
    // Refused claims, which anyone can make, fill the first page of the timeline.
    ...Array.from({ length: 100 }, (_, place) => eventOf(303n, 5 + place, { name: 'ClaimRefused' })),
    sent(304n, 1, rivers, 'WorkSubmitted'),
    sent(305n, 1, numbers, 'WorkSubmitted'),
  ])
  await index.db
    .insert(agent)
    .values([
      stakedAgent(1n, { agentURI: script, completions: 5 }),
      stakedAgent(3n, { stakedAmount: 0n, stakedAt: 0n }),
      ...applicantIds.map((id, place) => stakedAgent(id, { feesPaid: BigInt(place) })),
      stakedAgent(hugeId, { agentURI: 'javascript:alert(1)', stakedAmount: 2n ** 200n, frozen: true }),
    ])
  const client = new pg.Client({ connectionString: index.url })
  await client.connect()
  await client.query(
    `INSERT INTO content.application (bounty_id, agent_id, wallet, note)
     SELECT 4, id, $1, note FROM unnest($2::numeric[], $3::text[]) AS applicant (id, note)`,
    [wallet, applicantIds.map(String), notes],
  )
  await client.end()
  await index.moveTo({ number: 10n, timestamp: seedTime })
  const api = await testApi(index.url, () => Number(seedTime + 4n) * 1_000, undefined, {}, content)

  async function close() {
    await api.close()
    await content.close()
    await index.close()
  }

  return { index, api, delivered, close }
}

export type BoardMarket = Awaited<ReturnType<typeof boardMarket>>
