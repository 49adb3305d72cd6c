import { z } from '@hono/zod-openapi'
import { runTypedData } from '../../../core/market/runActions.ts'
import { typedDataSchema } from './typedData.ts'

const example = {
  action: 'start' as const,
  bountyId: 1n,
  party: '0x70997970C51812dc3A010C7d01b50e0d17dc79C8' as const,
  round: 1n,
  revision: 0n,
  text: '',
  deadline: 1_705_320_900n,
}

/** What to sign for an action, and what to send with the signature. */
export const messageSchema = z
  .object({
    action: z.string(),
    path: z.string().openapi({ description: 'Where to POST the body.' }),
    body: z
      .record(z.string(), z.union([z.int(), z.string()]))
      .openapi({ description: 'The body without the `signature`, which is to be added.' }),
    typedData: typedDataSchema,
  })
  .openapi('Message', {
    example: {
      action: example.action,
      path: '/api/runs/1/start',
      body: { wallet: example.party, round: 1, deadline: Number(example.deadline) },
      typedData: runTypedData({ chainId: 31337, address: '0x5FbDB2315678afecb367f032d93F642f64180aa3' }, example),
    },
  })
