import { zeroAddress } from 'viem'

/** The terms of a run whose poster sets none: a week to deliver, the default stake, and the poster evaluates. */
export const defaultTerms = { workPeriod: 0, stakePercent: 0, evaluator: zeroAddress } as const
